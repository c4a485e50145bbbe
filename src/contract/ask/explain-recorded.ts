/** A recorded decision asked again of the contract that gave it: what was wanted, what would have let it pass, and now? */
import {
  type Bound,
  type ContractVersion,
  type Decision,
  type Observation,
  parseSpiffeId,
  reasonCodes,
  ServiceName,
  serviceId,
  serviceOf,
  type Value,
} from '../../model/index.js';
import { explain } from '../explain.js';
import { emptyContract } from '../initial.js';
import { type Answer, type Side, sidesOf, verdictOf } from './answer.js';
import { change } from './change.js';
import { contractSet } from './contract-set.js';
import type { Question } from './question.js';

export interface Explained {
  /** In words. */
  readonly sentence: string;
  /** Of the clause that was nearest; empty where asking again gives another answer than was recorded. */
  readonly nearest: Answer['nearest'];
  /** Patch of the contract that decided; null: none is small, or none should be made. */
  readonly change: Answer['change'];
  /** Whether asking again gives what was recorded. When not, it hung on what is not kept. */
  readonly repeated: boolean;
  /** What the contract that is in force now would say; null: there is none. */
  readonly now: {
    readonly version: number;
    readonly decision: Answer['decision'];
    readonly clause: string | null;
  } | null;
}

/**
 * undefined: it is no decision of a contract.
 *
 * @param decided the version that decided; undefined: it is not known any more
 * @param bounds that apply to the service now
 */
export function explainRecorded(
  observation: Observation,
  decided: ContractVersion | undefined,
  active: ContractVersion | undefined,
  bounds: readonly Bound[] = [],
): Explained | undefined {
  const { event, layer } = observation;
  if (event.kind !== 'request' && event.kind !== 'flow') return undefined;
  const { verdict } = event;
  const reason = reasonCodes.find((code) => code === verdict.reason) ?? 'internal-error';
  const said: Decision = {
    effect: verdict.effect,
    layer,
    mode: verdict.mode ?? null,
    contract: verdict.contract,
    version: verdict.version,
    digest: verdict.digest ?? null,
    clause: verdict.clause,
    reason,
  };
  const then = decided === undefined ? undefined : sideOf(observation, decided, bounds);
  const repeated = then?.side.decision.effect === said.effect && then.side.decision.reason === said.reason;
  const nearest = repeated ? then.side.decision.nearest : undefined;
  const today = active === undefined ? undefined : sideOf(observation, active, bounds)?.side.decision;
  const sentence = explain({ ...said, ...(nearest === undefined ? {} : { nearest }) });
  return {
    sentence:
      nearest === undefined && verdict.nearest !== undefined ? `${sentence}; nearest: ${verdict.nearest}` : sentence,
    nearest: (nearest?.failed ?? []).map(({ predicate, wanted, got }) => ({
      clause: nearest?.clause ?? '',
      predicate,
      wanted,
      got,
    })),
    change: repeated && said.effect !== 'allow' ? change(then.set, then.side) : null,
    repeated,
    now:
      active === undefined || today === undefined
        ? null
        : { version: active.version, decision: verdictOf(today), clause: today.clause },
  };
}

interface Asked {
  readonly set: ReturnType<typeof contractSet>;
  readonly side: Side;
}

/** The question as it was, to one contract; whoever is on the other side counts as without one. */
function sideOf(observation: Observation, version: ContractVersion, bounds: readonly Bound[]): Asked | undefined {
  const question = questionOf(observation);
  if (question === undefined) return undefined;
  const { act, callerService, service } = question;
  const others = [service, callerService, act.kind === 'connect' ? act.host : null];
  const strangers = new Set(others.flatMap((name) => (ServiceName.safeParse(name).success ? [name ?? ''] : [])));
  strangers.delete(version.service);
  const set = contractSet(
    [
      { file: version.service, document: version.contract, version: version.version },
      ...[...strangers].map((name) => ({ file: name, document: emptyContract(name, 'off') })),
      ...bounds.map((document) => ({ file: document.name, document })),
    ],
    { bounded: (_, name) => name === version.service },
  );
  const side = sidesOf(set, question).find(({ member }) => member.contract.service === version.service);
  return side === undefined ? undefined : { set, side };
}

function questionOf({ event, service, at, join, identity }: Observation): Question | undefined {
  if (service === null || (event.kind !== 'request' && event.kind !== 'flow')) return undefined;
  const { verdict, direction, peer } = event;
  const own = identity ?? serviceId('local', service);
  const caller = direction === 'in' ? (join.caller ?? null) : own;
  const callerService = serviceOf(caller ?? undefined) ?? null;
  const trustDomain = caller === null ? undefined : parseSpiffeId(caller)?.trustDomain;
  const facts: Record<string, Value> = {
    ...verdict.attributes,
    ...(caller === null ? {} : { id: caller }),
    ...(callerService === null ? {} : { service: callerService }),
    ...(trustDomain === undefined ? {} : { 'trust-domain': trustDomain }),
  };
  const base = { caller, callerService, attributes: facts, claims: verdict.claims ?? null, at };
  if (event.kind === 'request') {
    const { method, path } = event;
    const callee = direction === 'in' ? service : peer;
    return callee === undefined ? undefined : { ...base, service: callee, act: { kind: 'request', method, path } };
  }
  const { address, port } = event;
  if (direction === 'out')
    return { ...base, service, act: { kind: 'connect', host: peer ?? address, port, protocol: 'tcp' } };
  if (callerService === null) return undefined;
  return { ...base, service: callerService, act: { kind: 'connect', host: service, port, protocol: 'tcp' } };
}
