/** Versions on their way into force: what both versions decided is counted, and one that refuses too much ends by itself. */
import type { Observation, RolloutCounts, RolloutFlip } from '../model/index.js';
import type { KeptRollout, Repositories } from '../store/index.js';
import type { Context } from './context.js';

/** More kinds of differences than that are counted, not listed. */
const mostFlips = 200;
/** Before so many decisions nothing ends by itself. */
const fewest = 20;

/** Counts what is new of a batch, in the transaction that keeps it: once for each observation. */
export async function countRollouts(
  { rollouts }: Pick<Repositories, 'rollouts'>,
  fresh: readonly Observation[],
): Promise<readonly KeptRollout[]> {
  const byService = new Map<string, Observation[]>();
  for (const observation of fresh) {
    if (!isCompared(observation) || observation.service === null) continue;
    const own = byService.get(observation.service);
    if (own === undefined) byService.set(observation.service, [observation]);
    else own.push(observation);
  }
  const counted: KeptRollout[] = [];
  // In one order, so that two batches never wait for each other.
  for (const [service, own] of [...byService].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const known = await rollouts.count(service, (rollout) => withDecisions(rollout, own));
    if (known !== undefined) counted.push(known);
  }
  return counted;
}

/** Ends those that refuse more than they may; what was in force is in force everywhere again. */
export async function endRefusing(context: Pick<Context, 'changes'>, counted: readonly KeptRollout[]): Promise<void> {
  for (const { id, service } of counted.filter(refusesTooMuch)) {
    await context.changes.transact(async (tx, note) => {
      const open = await tx.rollouts.open(service);
      if (open?.id !== id || !(await tx.rollouts.end(service, 'control-plane', whyRefusing(open)))) return;
      note.revise();
      note.tell('contracts', service, 'rollout');
    });
  }
}

export function withDecisions(
  rollout: KeptRollout,
  observations: readonly Observation[],
): { readonly counts: RolloutCounts; readonly flips: readonly RolloutFlip[] } | undefined {
  const counts = { ...rollout.counts };
  const flips = new Map(rollout.flips.map((flip) => [keyOf(flip), flip]));
  for (const observation of observations) {
    const compared = comparedOf(observation, rollout.version);
    if (compared === undefined) continue;
    counts.compared += 1;
    const { flip } = compared;
    if (flip === undefined) continue;
    counts[flip.to] += 1;
    const key = keyOf(flip);
    const known = flips.get(key);
    if (known !== undefined) flips.set(key, { ...flip, count: known.count + 1 });
    else if (flips.size < mostFlips) flips.set(key, flip);
  }
  if (counts.compared === rollout.counts.compared) return undefined;
  return { counts, flips: [...flips.values()] };
}

interface Compared {
  /** undefined: both say the same. */
  readonly flip: RolloutFlip | undefined;
}

/** undefined: the candidate took no part in it. */
function comparedOf(observation: Observation, candidate: number): Compared | undefined {
  const { event, layer, id, at } = observation;
  if (event.kind !== 'request' && event.kind !== 'flow') return undefined;
  const { verdict } = event;
  const { shadow } = verdict;
  // The record of a connection's end repeats what its begin said.
  if (shadow === undefined || (event.kind === 'flow' && event.durationMs !== undefined)) return undefined;
  if (verdict.version !== candidate && shadow.version !== candidate) return undefined;
  const [theirs, ours] = verdict.version === candidate ? [verdict, shadow] : [shadow, verdict];
  if (letsPass(theirs) === letsPass(ours)) return { flip: undefined };
  const what =
    event.kind === 'request'
      ? `${event.method} ${event.template ?? event.path.slice(0, 200)}`
      : `${event.direction === 'in' ? 'port ' : `${event.address}:`}${event.port}`;
  return {
    flip: {
      layer,
      direction: event.direction,
      to: letsPass(theirs) ? 'passed' : 'refused',
      peer: event.peer ?? null,
      what,
      reason: theirs.reason,
      count: 1,
      last: id,
      lastAt: at,
    },
  };
}

function isCompared({ event }: Observation): boolean {
  return (event.kind === 'request' || event.kind === 'flow') && event.verdict.shadow !== undefined;
}

/** What a version says of it, whatever its mode lets through; one that learns says nothing. */
function letsPass({ effect, reason }: { readonly effect: string; readonly reason: string }): boolean {
  return effect === 'allow' || reason === 'learning' || reason === 'audited';
}

function keyOf({ layer, direction, to, peer, what, reason }: RolloutFlip): string {
  return [layer, direction, to, peer ?? '', what, reason].join('\n');
}

/** Only one that is in force somewhere breaks anything. */
function refusesTooMuch({ stage, counts, most }: KeptRollout): boolean {
  if (stage.percent === 0 || counts.compared < fewest) return false;
  return refusedAtLeast(counts) > most;
}

/**
 * Share of what passes now that the candidate refuses, at least so with 97.5 % confidence: the lower end of Wilson's score
 * interval (Wilson 1927, Journal of the American Statistical Association 22).
 */
export function refusedAtLeast({ compared, refused }: RolloutCounts): number {
  if (compared === 0) return 0;
  const z = 1.96;
  const share = refused / compared;
  const middle = share + z ** 2 / (2 * compared);
  const half = z * Math.sqrt((share * (1 - share)) / compared + z ** 2 / (4 * compared ** 2));
  return Math.max(0, (middle - half) / (1 + z ** 2 / compared));
}

function whyRefusing({ counts, most }: KeptRollout): string {
  return `it refused ${counts.refused} of ${counts.compared} decisions that the version in force lets pass; at most ${percentText(most)} were allowed`;
}

export function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
