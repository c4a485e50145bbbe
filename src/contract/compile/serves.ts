/** Who may call us: the API layer of a contract, `serves`. */
import type { ContractVersion, Decision, Peer } from '../../model/index.js';
import type { ConditionInput } from '../condition/index.js';
import { answersFor } from './answers.js';
import { deniedOperations } from './denied-operations.js';
import type { Predicate } from './nearest.js';
import { type Operation, type OperationRequest, Operations, parametersOf, segmentsOf } from './operations.js';
import { type Caller, callerMatcher, callerParts, callerText, peerText } from './peers.js';
import { attributeOf, SelectorTable, type SelectorTest } from './selector.js';
import { compileTerms } from './terms.js';
import { isSatisfied, predicateText, type Selector } from '../../model/index.js';
import { valueText } from './user.js';

export interface ServeRequest extends OperationRequest, Caller {
  /** SPIFFE ID that was proved in the handshake; null when none was. */
  readonly caller: string | null;
  /** The name under which the caller asked, and the port it came to, where known. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** One of the two sides is cut off by containment. */
  readonly isolated?: boolean | undefined;
}

export function compileServes(version: ContractVersion): (request: ServeRequest) => Decision {
  const answers = answersFor(version, 'api');
  const denied = deniedOperations(version);
  const serves = version.contract.api?.serves;
  const selectors = new SelectorTable();
  const selectorOf = (selector: Selector): SelectorTest => selectors.add(selector);
  const operations = new Operations(
    (serves ?? []).map((clause, order): Operation<ServeRequest> => {
      const segments = segmentsOf(clause.path);
      const terms = compileTerms<ServeRequest>(clause, (request) => servedInput(request, segments));
      const { names, other } = callerParts(clause.from, selectorOf);
      const audited = clause.mode !== undefined;
      return {
        id: clause.id,
        order,
        template: clause.path,
        segments,
        methods: clause.methods,
        names,
        others: other,
        holds: terms.holds,
        side: callerMatcher(clause.from, selectorOf),
        sideText: (request) => callerPredicates(clause.from, request),
        terms,
        audited,
        decision: audited ? answers.audited(clause.id, clause.path) : answers.allow(clause.id, clause.path),
      };
    }),
    ({ callerService }) => callerService,
    'path',
  );
  return (request) => {
    if (request.caller === null) return answers.noIdentity;
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    const forbidden = denied?.(request);
    if (forbidden !== undefined) return forbidden;
    if (serves === undefined) return answers.unmanaged;
    const found = operations.find(request);
    if (found !== undefined) return found.decision;
    const nearest = operations.nearest(request);
    return answers.refuse(nearest.reason, nearest.miss);
  };
}

/** What a condition sees of a request to us. */
export function servedInput(request: ServeRequest, segments: Operation<ServeRequest>['segments']): ConditionInput {
  return {
    caller: request.attributes ?? {},
    callee: {},
    user: request.claims ?? {},
    request: {
      method: request.method,
      path: request.path,
      ...(request.host === undefined ? {} : { host: request.host }),
      ...(request.port === undefined ? {} : { port: request.port }),
      params: parametersOf(segments, request.path),
    },
  };
}

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
