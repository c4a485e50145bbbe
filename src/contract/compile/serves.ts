/** Who may call us: the API layer of a contract, `serves`. */
import {
  type Contract,
  type ContractVersion,
  type Decision,
  isSatisfied,
  type Peer,
  predicateText,
  type Selector,
} from '../../model/index.js';
import { answersFor } from './answers.js';
import { deniedOperations } from './denied-operations.js';
import type { Predicate } from './nearest.js';
import { Operations, segmentsOf } from './operations.js';
import { callerParts, callerText, peerText } from './peers.js';
import { type ServeRequest, servedInput } from './serve-request.js';
import { attributeOf, SelectorTable, type SelectorTest } from './selector.js';
import { compileTerms, once } from './terms.js';
import { valueText } from './user.js';

export function compileServes(version: ContractVersion): (request: ServeRequest) => Decision {
  const answers = answersFor(version, 'api');
  const denied = deniedOperations(version);
  const serves = version.contract.api?.serves;
  const selectors = new SelectorTable();
  const selectorOf = (selector: Selector): SelectorTest => selectors.add(selector);
  const operations = new Operations<ServeRequest, ServeClause>(
    (serves ?? []).map((clause, order) => {
      const segments = once(() => segmentsOf(clause.path));
      const { names, other } = callerParts(clause.from, selectorOf);
      const terms = compileTerms<ServeRequest>(clause, (request) => servedInput(request, segments()));
      return {
        clause,
        order,
        names,
        others: other,
        holds: terms.holds,
        terms,
        decision: undefined,
      };
    }),
    {
      nameOf: ({ callerService }) => callerService,
      describe: ({ from }, request) => callerPredicates(from, request),
      first: 'path',
    },
    answers.passing,
  );
  const nearest = (request: ServeRequest) => operations.nearest(request);
  return (request) => {
    if (request.caller === null) return answers.noIdentity;
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    const forbidden = denied?.(request);
    if (forbidden !== undefined) return forbidden;
    if (serves === undefined) return answers.unmanaged;
    return operations.decide(request) ?? answers.refuse(nearest, request);
  };
}

type ServeClause = NonNullable<NonNullable<Contract['api']>['serves']>[number];

/** Where the right service came with the wrong attributes, those are named. */
function callerPredicates(peers: readonly Peer[], request: ServeRequest): readonly Predicate[] {
  const wanted =
    peers.find((peer) => 'service' in peer && peer.service === request.callerService) ??
    (peers.length === 1 ? peers.find((peer) => 'match' in peer && !('service' in peer)) : undefined);
  if (wanted !== undefined && 'match' in wanted && wanted.match !== undefined) {
    return Object.entries(wanted.match).map(([name, predicate]) => {
      const value = attributeOf(request.attributes, name);
      return {
        name: `caller.${name}`,
        reason: 'attribute',
        holds: isSatisfied(predicate, value),
        wanted: predicateText(predicate),
        got: valueText(value),
      };
    });
  }
  return [
    {
      name: 'caller',
      reason: 'caller-not-listed',
      holds: false,
      wanted: peers.map(peerText).join(' or '),
      got: callerText(request.callerService),
    },
  ];
}
