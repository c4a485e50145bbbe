// casbin: a policy type and a matcher for each route, chosen by the enforce context, so that only that route's are looked at.
import { routeIndex } from '../routes.mjs';

const request = 'sub';
const effect = 'some(where (p.eft == allow))';

export async function load(clauses, require) {
  const { EnforceContext, Model, newEnforcer } = require('casbin');
  const routeOf = routeIndex(clauses);
  const model = new Model();
  model.addDef('r', 'r', request);
  model.addDef('p', 'p', request);
  model.addDef('e', 'e', effect);
  model.addDef('m', 'm', 'r.sub == p.sub');
  const contexts = new Map();
  for (const [index, { id, callers }] of clauses.entries()) {
    const type = `p${index + 1}`;
    const matcher = `m${index + 1}`;
    model.addDef('p', type, request);
    model.addDef('m', matcher, `r.sub == ${type}.sub`);
    for (const caller of callers) model.addPolicy('p', type, [caller]);
    contexts.set(id, new EnforceContext('r', type, 'e', matcher));
  }
  const enforcer = await newEnforcer(model);
  return {
    prepare: (request) => request,
    decide: (request) => {
      const clause = routeOf(request);
      return clause !== undefined && enforcer.enforceSync(contexts.get(clause), request.caller)
        ? { effect: 'allow', clause }
        : { effect: 'deny', clause: null };
    },
    clauseOf: ({ clause }) => clause,
  };
}
