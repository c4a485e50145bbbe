/** What retention let go of around an incident, or the collection of evidence. */
import type { Drop, Store } from '../store/index.js';

/** How far back is looked for what led to it. */
export const beforeMs = 20 * 60_000;

export function gapsAround(store: Pick<Store, 'retention'>, first: number, last: number): Promise<Drop[]> {
  return store.retention.gaps(first - beforeMs, last);
}
