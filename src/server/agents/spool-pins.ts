/** What a host's spool keeps for incidents: raw events from before the first signal on, until the incident is closed. */
import type { z } from 'zod';
import type { Store } from '../../store/index.js';
import type { SpoolPins } from './protocol.js';

const beforeMs = 10 * 60_000;
const afterMs = 60_000;
/** Each costs the agent a folder of links; the newest say most. */
const most = 200;

export async function spoolPinsFor(store: Pick<Store, 'incidents'>, host: string): Promise<z.input<typeof SpoolPins>> {
  const incidents = await store.incidents.list({ state: ['open', 'contained', 'triaged'], limit: most });
  return {
    pins: incidents
      .filter(({ signals }) => signals.some((signal) => signal.host === host))
      .map(({ id, firstAt, lastAt }) => ({ id, since: firstAt - beforeMs, until: lastAt + afterMs })),
  };
}
