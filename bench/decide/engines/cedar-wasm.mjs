// Cedar: one preparsed policy set for each route, no entities (none has attributes or parents). Only routes that requests
// are about are preparsed, before the measuring: 100,000 sets would take minutes.
import { routeIndex } from '../routes.mjs';

export function load(clauses, require) {
  const cedar = require('@cedar-policy/cedar-wasm/nodejs');
  const routeOf = routeIndex(clauses);
  const callersOf = new Map(clauses.map(({ id, callers }) => [id, callers]));
  const preparsed = new Set();
  const preparse = (id) => {
    if (id === undefined || preparsed.has(id)) return;
    preparsed.add(id);
    const staticPolicies = Object.fromEntries(
      callersOf
        .get(id)
        .map((caller, index) => [`${id}/${index}`, `permit(principal == Caller::"${caller}", action, resource);`]),
    );
    const { type, errors } = cedar.preparsePolicySet(id, { staticPolicies });
    if (type !== 'success') throw new Error(`Cedar does not take ${id}: ${JSON.stringify(errors)}`);
  };
  const resource = { type: 'Service', id: 'measured' };
  const context = {};
  const entities = [];
  return {
    prepare: (request) => {
      preparse(routeOf(request));
      return {
        ...request,
        principal: { type: 'Caller', id: request.caller },
        action: { type: 'Action', id: request.method },
      };
    },
    decide: (request) => {
      const preparsedPolicySetId = routeOf(request);
      if (preparsedPolicySetId === undefined) return { effect: 'deny', clause: null };
      const { principal, action } = request;
      const answer = cedar.statefulIsAuthorized({
        principal,
        action,
        resource,
        context,
        preparsedPolicySetId,
        entities,
      });
      if (answer.type !== 'success') throw new Error(`Cedar fails: ${JSON.stringify(answer.errors)}`);
      const { decision, diagnostics } = answer.response;
      return decision === 'allow'
        ? { effect: 'allow', clause: diagnostics.reason[0].split('/')[0] }
        : { effect: 'deny', clause: null };
    },
    clauseOf: ({ clause }) => clause,
  };
}
