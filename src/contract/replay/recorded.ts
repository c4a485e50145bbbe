/** Decisions as they were recorded, in terms that a contract can be asked again. */
import { type Decision, type Observation, parseSpiffeId, serviceOf, type Verdict } from '../../model/index.js';
import { sidesOf } from '../ask/answer.js';
import type { ContractSet, SetMember } from '../ask/contract-set.js';
import type { Question } from '../ask/question.js';
import type { CompiledContract } from '../compile/compile.js';
import type { Proved } from '../compile/selector.js';
import { type Kept, nothingKept } from './readings.js';

/** `passed`: nothing refused it, and nobody recorded why. */
export type Outcome = 'allow' | 'deny' | 'would-deny' | 'unmanaged' | 'passed';

export interface Recorded {
  /** Whose contract was asked. */
  readonly service: string;
  readonly layer: 'runtime' | 'network' | 'api';
  readonly was: { readonly decision: Outcome; readonly clause: string | null; readonly reason: string | null };
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly count: number;
  /** Of the decision or the observation. */
  readonly id: string | null;
  /** Who asked, and what for, in words that are the same for what is alike. */
  readonly who: string;
  readonly what: string;
  /** What of the facts is known; rows of a file hold all there is. */
  readonly kept: Kept;
  /**
   * The strictest answer of the set, of contracts as `read` gives them; undefined: it has none of the service. Rows of a file hold
   * all there is to know and are asked of contracts as they stand.
   */
  readonly ask: (set: ContractSet, read: ReadMember) => Decision | undefined;
}

export type ReadMember = (member: SetMember) => CompiledContract;

/** What was recorded and cannot be asked again, and why. */
export interface NotReplayable {
  readonly problem: string;
}

/** undefined: it is no decision (a sensor's own report, a process that ended, a file that was not there). */
export function recordedOf(observation: Observation): Recorded | NotReplayable | undefined {
  const { event, service, at, id, join } = observation;
  if (service === null) return undefined;
  const base = { service, at, count: 1, kept: nothingKept };
  const own = (ask: (contract: CompiledContract) => Decision) => (set: ContractSet, read: ReadMember) => {
    const member = set.member(service);
    return member === undefined ? undefined : ask(read(member));
  };
  switch (event.kind) {
    case 'request': {
      const { method, path, verdict, direction, peer } = event;
      const was = wasOf(verdict);
      const decision = verdict.decisionId ?? id;
      const place = event.template ?? path;
      if (direction === 'out') {
        const ask = own((contract) => contract.decideCall({ peerService: peer, method, path, at }));
        return {
          ...base,
          layer: 'api',
          was,
          id: decision,
          who: service,
          what: `${method} ${peer ?? '?'}:${place}`,
          ask,
        };
      }
      const caller = join.caller ?? null;
      const callerService = serviceOf(join.caller) ?? null;
      const ask = own((contract) =>
        contract.decideServe({ caller, callerService, ...factsOf(caller, verdict), method, path, at }),
      );
      const who = callerService ?? caller ?? 'nobody';
      return {
        ...base,
        layer: 'api',
        was,
        kept: keptOf(verdict),
        id: decision,
        who,
        what: `${method} ${service}:${place}`,
        ask,
      };
    }
    case 'flow': {
      const { direction, peer, address, port, verdict } = event;
      const was = wasOf(verdict);
      const common = { ...base, layer: 'network', was, id: verdict.decisionId ?? id } as const;
      if (direction === 'out') {
        const ask = own((contract) => contract.decideEgress({ service: peer, address, port, at }));
        return { ...common, who: service, what: `connect ${peer ?? address}:${port}`, ask };
      }
      const caller = join.caller ?? null;
      const callerService = serviceOf(join.caller) ?? peer ?? null;
      const ask = own((contract) =>
        contract.decideIngress({ caller, callerService, attributes: attributesOf(caller), address, port, at }),
      );
      return { ...common, who: callerService ?? address, what: `connect ${service}:${port}`, ask };
    }
    case 'exec': {
      const { path, refused } = event;
      const ask = own((contract) => contract.decideExec({ path, at }));
      return { ...base, layer: 'runtime', was: seen(refused), id, who: service, what: `start ${path}`, ask };
    }
    case 'open': {
      const { path, write, refused, failed } = event;
      if (failed === true && refused !== true) return undefined;
      const access = write ? 'write' : 'read';
      const ask = own((contract) => contract.decideFile({ path, access, at }));
      return { ...base, layer: 'runtime', was: seen(refused), id, who: service, what: `${access} ${path}`, ask };
    }
    case 'connect':
      return { problem: 'the sensor saw a connection; whose address it goes to is not recorded with it' };
    case 'accept':
    case 'exit':
    case 'stdio-socket':
    case 'denied-syscall':
    case 'sensor':
      return undefined;
    default:
      return event satisfies never;
  }
}

const layers = { request: 'api', connect: 'network', exec: 'runtime', open: 'runtime', publish: 'api' } as const;

/** A row of a file: a question with the answer that was given. Both sides are asked where the set has both. */
export function recordedRow(question: Question, was: Recorded['was'], count: number, id: string | null): Recorded {
  const { service, at, act } = question;
  return {
    service,
    layer: layers[act.kind],
    was,
    at,
    count,
    id,
    kept: nothingKept,
    who: question.callerService ?? question.caller ?? (act.kind === 'request' ? 'nobody' : service),
    what: actText(service, act),
    ask: (set) =>
      sidesOf(set, question)
        .map(({ decision }) => decision)
        .reduce<Decision | undefined>(
          (one, other) => (one === undefined || weight(other) > weight(one) ? other : one),
          undefined,
        ),
  };
}

function actText(service: string, act: Question['act']): string {
  switch (act.kind) {
    case 'request':
      return `${act.method} ${service}:${act.path}`;
    case 'connect':
      return `connect ${act.host}:${act.port}`;
    case 'exec':
      return `start ${act.path}`;
    case 'open':
      return `${act.access} ${act.path}`;
    case 'publish':
      return `publish ${act.topic}`;
    default:
      return act satisfies never;
  }
}

export function outcomeOf({ effect, reason }: Pick<Decision, 'effect'> & { readonly reason: string }): Outcome {
  if (effect !== 'allow') return effect;
  return reason === 'layer-unmanaged' || reason === 'mode-off' ? 'unmanaged' : 'allow';
}

function wasOf(verdict: Verdict): Recorded['was'] {
  return { decision: outcomeOf(verdict), clause: verdict.clause, reason: verdict.reason };
}

/** Of what was refused all attributes are kept, of what passed those that the contract asked for. */
function keptOf({ effect, attributes, claims }: Verdict): Kept {
  return {
    attributes: attributes === undefined ? [] : effect === 'allow' ? Object.keys(attributes) : 'all',
    claims: Object.keys(claims ?? {}),
  };
}

function factsOf(caller: string | null, { attributes, claims, host }: Verdict) {
  return { attributes: { ...attributes, ...attributesOf(caller) }, claims: claims ?? null, host };
}

/** What an identity says by itself. */
function attributesOf(caller: string | null): Proved {
  const service = serviceOf(caller ?? undefined);
  const trustDomain = caller === null ? undefined : parseSpiffeId(caller)?.trustDomain;
  return {
    ...(caller === null ? {} : { id: caller }),
    ...(service === undefined ? {} : { service }),
    ...(trustDomain === undefined ? {} : { 'trust-domain': trustDomain }),
  };
}

function seen(refused: boolean | undefined): Recorded['was'] {
  return { decision: refused === true ? 'deny' : 'passed', clause: null, reason: null };
}

function weight({ effect }: Decision): number {
  return effect === 'deny' ? 2 : effect === 'would-deny' ? 1 : 0;
}
