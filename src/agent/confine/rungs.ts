import type { CaptureRung } from '../../model/index.js';
import { docker } from './docker/docker.js';
import { loopback } from './loopback.js';
import { netns } from './netns.js';
import type { Rung } from './rung.js';
import { userns } from './userns.js';

/** For commands, strongest first. A container has one of its own: `docker`. */
export const rungs: readonly Rung[] = [netns, userns, loopback];

export function rungNamed(name: CaptureRung): Rung {
  return [...rungs, docker].find((rung) => rung.name === name) ?? loopback;
}

export interface BestRung {
  readonly rung: Rung;
  /** The stronger ones, and why each is not it. */
  readonly passedOver: readonly { readonly name: CaptureRung; readonly reason: string; readonly fix: string | null }[];
}

/** The strongest rung of this host for us as we are: `userns` is for ordinary users. @throws ConfineError */
export async function bestRung(): Promise<BestRung> {
  const isRoot = process.getuid?.() === 0;
  const passedOver: BestRung['passedOver'][number][] = [];
  for (const rung of rungs) {
    if (isRoot && rung === userns) continue;
    const found = await rung.probe();
    if (found.usable) return { rung, passedOver };
    passedOver.push({ name: rung.name, reason: found.reason ?? 'not usable', fix: found.fix ?? null });
  }
  return { rung: loopback, passedOver };
}
