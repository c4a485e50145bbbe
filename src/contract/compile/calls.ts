/** What we may call: the API layer of a contract, `calls`. */
import type { Contract, ContractVersion, Decision } from '../../model/index.js';
import type { ConditionInput } from '../condition/index.js';
import { answersFor } from './answers.js';
import { type OperationRequest, Operations, parametersOf, segmentsOf } from './operations.js';
import type { Segment } from './path-template.js';
import { type Destination, destinationMatcher, destinationText, peerText } from './peers.js';
import { compileTerms, once } from './terms.js';

export interface CallRequest extends OperationRequest {
  readonly peerService?: string | undefined;
  readonly host?: string | undefined;
  readonly address?: string | undefined;
  readonly isolated?: boolean | undefined;
}

export function compileCalls(version: ContractVersion): (request: CallRequest) => Decision {
  const answers = answersFor(version, 'api');
  const calls = version.contract.api?.calls;
  const operations = new Operations<CallRequest, CallClause>(
    (calls ?? []).map((clause, order) => {
      const segments = once(() => segmentsOf(clause.path));
      const byName = 'service' in clause.to && clause.to.match === undefined;
      const matches = destinationMatcher(clause.to);
      const terms = compileTerms<CallRequest>(clause, (request) => calledInput(request, segments()));
      return {
        clause,
        order,
        names: byName && 'service' in clause.to ? [clause.to.service] : [],
        others: byName ? undefined : (request: CallRequest) => matches(destinationOf(request)),
        holds: terms.holds,
        terms,
        decision: undefined,
      };
    }),
    {
      nameOf: ({ peerService }) => peerService,
      describe: ({ to }, request) => [
        {
          name: 'callee',
          reason: 'callee-not-listed',
          holds: false,
          wanted: peerText(to),
          got: destinationText(destinationOf(request)),
        },
      ],
      first: 'side',
    },
    answers.passing,
  );
  const nearest = (request: CallRequest) => operations.nearest(request);
  return (request) => {
    if (request.isolated === true) return answers.isolated;
    if (answers.mode === 'off') return answers.off;
    if (calls === undefined) return answers.unmanaged;
    return operations.decide(request) ?? answers.refuse(nearest, request);
  };
}

type CallClause = NonNullable<NonNullable<Contract['api']>['calls']>[number];

function destinationOf({ peerService, host, address, peerAttributes }: CallRequest): Destination {
  return { service: peerService, host, address, peerAttributes };
}

function calledInput(request: CallRequest, segments: readonly Segment[]): ConditionInput {
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
