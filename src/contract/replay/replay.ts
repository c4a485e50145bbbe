/** Recorded decisions asked again of other contracts: what would be answered otherwise, grouped. */
import { printable } from '../../base/index.js';
import type { Contract, Decision } from '../../model/index.js';
import type { ContractSet } from '../ask/contract-set.js';
import { clausesOf } from '../clauses.js';
import { type NotReplayable, type Outcome, outcomeOf, type Recorded } from './recorded.js';

export interface Flip {
  readonly service: string;
  readonly layer: Recorded['layer'];
  readonly from: Outcome;
  readonly to: Outcome;
  readonly who: string;
  readonly what: string;
  readonly before: { readonly clause: string | null; readonly reason: string | null };
  readonly after: { readonly clause: string | null; readonly reason: string | null };
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** One of the decisions. */
  readonly example: string | null;
}

export interface ReplayResult {
  readonly flips: readonly Flip[];
  /** Flips beyond so many different ones, only counted. */
  readonly moreFlips: number;
  /** Answered as they were. */
  readonly same: number;
  readonly notReplayed: readonly { readonly reason: string; readonly count: number }[];
}

export interface Replay {
  take(recorded: Recorded | NotReplayable): void;
  result(): ReplayResult;
}

const mostFlips = 10_000;
/** Reasons that hang on what records do not hold. */
const hanging: ReadonlySet<string> = new Set(['attribute', 'claim-missing', 'claim-value', 'where']);

/** @param clauses whether another clause for the same answer counts as a flip as well */
export function replay(set: ContractSet, options: { readonly clauses: boolean }): Replay {
  const flips = new Map<string, { flip: Flip; count: number; first: number; last: number }>();
  const left = new Map<string, number>();
  const conditionalDenies = new Map<string, ReadonlySet<string>>();
  let [same, moreFlips] = [0, 0];
  const leave = (reason: string, count: number) => left.set(reason, (left.get(reason) ?? 0) + count);
  const hangs = (service: string, { effect, reason, clause, nearest }: Decision): boolean => {
    if (effect === 'allow') return false;
    if (nearest?.failed.some(({ predicate }) => predicate === 'started by') === true) return true;
    if (reason !== 'explicit-deny') return hanging.has(reason);
    const known = conditionalDenies.get(service) ?? conditional(set.member(service)?.resolved);
    conditionalDenies.set(service, known);
    return clause !== null && known.has(clause);
  };
  return {
    take: (recorded) => {
      if ('problem' in recorded) return leave(recorded.problem, 1);
      const { service, layer, was, who, what, at, count, id } = recorded;
      const now = recorded.ask(set);
      if (now === undefined)
        return leave(`there is no contract of \`${printable(service, 64)}\` among the new ones`, count);
      if (!recorded.complete && hangs(service, now))
        return leave('it hangs on attributes, claims, or who started a program, which were not recorded', count);
      const to = outcomeOf(now);
      const passes = was.decision === 'passed' && (to === 'allow' || to === 'unmanaged');
      const other = options.clauses && was.decision !== 'passed' && was.clause !== now.clause;
      if (passes || (to === was.decision && !other)) {
        same += count;
        return;
      }
      const before = { clause: was.clause, reason: was.reason };
      const after = { clause: now.clause, reason: now.reason };
      const key = JSON.stringify([service, layer, was.decision, to, who, what, before, after]);
      const known = flips.get(key);
      if (known !== undefined) {
        known.count += count;
        known.first = Math.min(known.first, at);
        known.last = Math.max(known.last, at);
      } else if (flips.size >= mostFlips) moreFlips += count;
      else {
        const flip = {
          service,
          layer,
          from: was.decision,
          to,
          who,
          what,
          before,
          after,
          count,
          firstSeen: at,
          lastSeen: at,
          example: id,
        };
        flips.set(key, { flip, count, first: at, last: at });
      }
    },
    result: () => ({
      flips: [...flips.values()]
        .map(({ flip, count, first, last }) => ({ ...flip, count, firstSeen: first, lastSeen: last }))
        .sort((one, other) => rank(one) - rank(other) || other.count - one.count),
      moreFlips,
      same,
      notReplayed: [...left].map(([reason, count]) => ({ reason, count })),
    }),
  };
}

/** What breaks something comes first. */
function rank({ to }: Flip): number {
  return ['deny', 'would-deny', 'unmanaged', 'allow'].indexOf(to);
}

/** Denies that look at what records do not hold. */
function conditional(contract: Contract | undefined): ReadonlySet<string> {
  const asks = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    ('match' in value || 'where' in value || Object.values(value).some(asks));
  return new Set(
    (contract === undefined ? [] : clausesOf(contract))
      .filter(({ section, clause }) => section === 'deny' && asks(clause))
      .map(({ clause }) => clause.id),
  );
}
