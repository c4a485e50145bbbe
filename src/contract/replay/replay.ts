/** Recorded decisions asked again of other contracts: what would be answered otherwise, grouped. */
import { printable } from '../../base/index.js';
import type { ContractSet, SetMember } from '../ask/contract-set.js';
import type { CompiledContract } from '../compile/compile.js';
import { readMember } from './read-member.js';
import type { Kept, Reading } from './readings.js';
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
const mostReadings = 1_000;

/** @param clauses whether another clause for the same answer counts as a flip as well */
export function replay(set: ContractSet, options: { readonly clauses: boolean }): Replay {
  const flips = new Map<string, { flip: Flip; count: number; first: number; last: number }>();
  const left = new Map<string, number>();
  let [same, moreFlips] = [0, 0];
  const leave = (reason: string, count: number) => left.set(reason, (left.get(reason) ?? 0) + count);
  /** By reading and what is kept: few are different, since contracts ask for few. */
  const readings = new Map<string, WeakMap<SetMember, CompiledContract>>();
  const reader = (reading: Reading, kept: Kept) => {
    const key = JSON.stringify([reading, kept.attributes, kept.claims]);
    return (member: SetMember) => read(member, reading, kept, key);
  };
  const read = (member: SetMember, reading: Reading, kept: Kept, key: string) => {
    const known = readings.get(key) ?? new WeakMap<SetMember, CompiledContract>();
    if (readings.size >= mostReadings) readings.clear();
    readings.set(key, known);
    const made = known.get(member) ?? readMember(member, reading, kept);
    known.set(member, made);
    return made;
  };
  return {
    take: (recorded) => {
      if ('problem' in recorded) return leave(recorded.problem, 1);
      const { service, layer, was, who, what, at, count, id, kept } = recorded;
      const [least, most] = [recorded.ask(set, reader('against', kept)), recorded.ask(set, reader('for', kept))];
      if (least === undefined || most === undefined)
        return leave(`there is no contract of \`${printable(service, 64)}\` among the new ones`, count);
      if (outcomeOf(least) !== outcomeOf(most))
        return leave('it hangs on attributes, claims, or who started a program, which were not recorded', count);
      // What lets it pass needs nothing that is missing; what refuses it does so whatever is missing.
      const now = most.effect === 'allow' ? least : most;
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
