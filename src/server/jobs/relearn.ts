/** After a start: reads again what services in learn have taught since their version came into force. */
import { messageOf } from '../../base/index.js';
import type { Incident, Observation } from '../../model/index.js';
import type { Context } from '../context.js';

/** Runs beside everything else: the order in which observations teach does not matter. */
export async function relearn(context: Context, signal: AbortSignal): Promise<void> {
  const { learning, log } = context;
  const left = new Set(learning.students().map(({ service }) => service));
  learning.reading(new Set(left));
  for (const { service, since } of learning.students()) {
    for (let pause = 200; !signal.aborted; pause = Math.min(pause * 2, 5_000)) {
      try {
        await relearnService(context, service, since, signal);
        break;
      } catch (error) {
        log.warn({ service, reason: messageOf(error) }, 'what was learned is read again later');
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    left.delete(service);
    learning.reading(new Set(left));
  }
}

async function relearnService(
  { store, learning }: Context,
  service: string,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  const signals = await store.signals.list({ service, since, limit: 10_000 });
  const notable = new Set(signals.map(({ observation }) => observation));
  const incidents = await store.incidents.list({ service, limit: 1_000 });
  for (let cursor: string | undefined; !signal.aborted; ) {
    const page = await store.observations.after(cursor, { service, since, limit: 5_000 });
    for (const observation of page.observations)
      if (!notable.has(observation.id) && !isDuring(incidents, observation)) learning.fold(observation);
    if (page.observations.length === 0) return;
    cursor = page.cursor;
  }
}

/** INVARIANT: nothing is learned from the time of an incident, whatever became of it. */
function isDuring(incidents: readonly Incident[], { at }: Observation): boolean {
  return incidents.some(({ state, firstAt, lastAt }) => at >= firstAt && (state !== 'closed' || at <= lastAt));
}
