/** What we may call: the API layer of a contract, `calls`. */
import type { ContractVersion, Decision } from '../../model/index.js';
import type { ConditionInput } from '../condition/index.js';
import { answersFor } from './answers.js';
import { type Operation, type OperationRequest, Operations, parametersOf, segmentsOf } from './operations.js';
import { type Destination, destinationMatcher, destinationText, peerText } from './peers.js';
import { compileTerms } from './terms.js';

export interface CallRequest extends OperationRequest {
  readonly peerService?: string | undefined;
  readonly host?: string | undefined;
  readonly address?: string | undefined;
  readonly isolated?: boolean | undefined;
}

export function compileCalls(version: ContractVersion): (request: CallRequest) => Decision {
  const answers = answersFor(version, 'api');
  const calls = version.contract.api?.calls;
  const operations = new Operations(
    (calls ?? []).map((clause, order): Operation<CallRequest> => {
      const segments = segmentsOf(clause.path);
      const terms = compileTerms<CallRequest>(clause, (request) => calledInput(request, segments));
      const matches = destinationMatcher(clause.to);
      const side = (request: CallRequest) => matches(destinationOf(request));
      const byName = 'service' in clause.to && clause.to.match === undefined;
      const audited = clause.mode !== undefined;
      return {
        id: clause.id,
        order,
        template: clause.path,
        segments,
        methods: clause.methods,
        names: byName && 'service' in clause.to ? [clause.to.service] : [],
        others: byName ? undefined : side,
        holds: terms.holds,
        side,
        sideText: (request) => [
          {
            name: 'callee',
            reason: 'callee-not-listed',
            holds: false,
            wanted: peerText(clause.to),
            got: destinationText(destinationOf(request)),
          },
        ],
        terms,
        audited,
        decision: audited ? answers.audited(clause.id, clause.path) : answers.allow(clause.id, clause.path),
      };
    }),
    ({ peerService }) => peerService,
    'side',
  );
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    if (calls === undefined) return answers.unmanaged;
    const found = operations.find(request);
    if (found !== undefined) return found.decision;
    const nearest = operations.nearest(request);
    return answers.refuse(nearest.reason, nearest.miss);
  };
}

function destinationOf({ peerService, host, address, peerAttributes }: CallRequest): Destination {
  return { service: peerService, host, address, peerAttributes };
}

function calledInput(request: CallRequest, segments: Operation<CallRequest>['segments']): ConditionInput {
  return {
    caller: request.attributes ?? {},
    callee: request.peerAttributes ?? {},
    user: request.claims ?? {},
    request: {
      method: request.method,
      path: request.path,
      ...(request.host === undefined ? {} : { host: request.host }),
      params: parametersOf(segments, request.path),
    },
  };
}
