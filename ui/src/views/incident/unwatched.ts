import type { CoverageAnswer } from '../../../../src/server/api-types.ts';
import type { Layer } from '../../parts/layer.tsx';

/** Layers of these services that nothing watches now, with the reason: a lane without marks must not look like peace. */
export function unwatchedLanes(
  services: readonly string[],
  coverage: CoverageAnswer | undefined,
): ReadonlyMap<Layer, string> {
  const found = new Map<Layer, string>();
  for (const { service, holds } of coverage?.services ?? []) {
    if (!services.includes(service)) continue;
    for (const { layer, hold, reason } of holds)
      if (hold === 'unwatched' && !found.has(layer)) found.set(layer, `${service}: ${reason}`);
  }
  return found;
}
