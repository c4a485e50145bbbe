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

/** The strongest rung of this host, and why each stronger one is not it. */
export async function bestRung(): Promise<{
  rung: Rung;
  passedOver: { name: CaptureRung; reason: string; fix: string | null }[];
}> {
  const passedOver: { name: CaptureRung; reason: string; fix: string | null }[] = [];
  for (const rung of rungs) {
    const found = await rung.probe();
    if (found.usable) return { rung, passedOver };
    passedOver.push({ name: rung.name, reason: found.reason ?? 'not usable', fix: found.fix ?? null });
  }
  return { rung: loopback, passedOver };
}
