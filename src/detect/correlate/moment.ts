/** When something happened, told by two clocks: the one that rows carry may be set, ours that counts may not. */
import type { Clock } from '../../base/index.js';
import type { Observation } from '../../model/index.js';

export interface Moment {
  readonly at: number;
  /** On the clock that never jumps; undefined for a row that tells of the past, or of a host with another time. */
  readonly heard: number | undefined;
}

/** What comes at most this long after its time has just happened. */
const freshMs = 60_000;

export function momentOf({ at }: Observation, clock: Clock): Moment {
  return { at, heard: Math.abs(clock.now() - at) <= freshMs ? clock.monotonic() : undefined };
}

export function isNewer(left: Moment, right: Moment): boolean {
  if (left.heard !== undefined && right.heard !== undefined && left.heard !== right.heard)
    return left.heard > right.heard;
  return left.at > right.at;
}

export function newestFirst([, left]: readonly [string, Moment], [, right]: readonly [string, Moment]): number {
  return isNewer(left, right) ? -1 : 1;
}

export function isNear(left: Moment, right: Moment, withinMs: number): boolean {
  if (Math.abs(left.at - right.at) <= withinMs) return true;
  return left.heard !== undefined && right.heard !== undefined && Math.abs(left.heard - right.heard) <= withinMs;
}
