/** What has to be done now and then: partitions, old sessions, what consoles were told long ago. */
import { messageOf } from '../../base/index.js';
import type { Context } from '../context.js';

/** Whoever was away for more than these fetches everything anew. */
const keepChanges = 10_000;

/** Returns what ends it. */
export function startUpkeep(context: Context): () => void {
  const { store, config, log } = context;
  const once = () => {
    Promise.all([
      store.observations.maintain(config.keepDays),
      store.accounts.sweep(),
      store.credentials.sweep(),
      store.changes.sweep(keepChanges),
    ]).then(
      ([dropped]) => dropped.length > 0 && log.info({ days: dropped }, 'dropped old observations'),
      (error: unknown) => log.warn({ reason: messageOf(error) }, 'upkeep is tried again later'),
    );
  };
  once();
  const timer = setInterval(once, 3_600_000);
  timer.unref();
  return () => clearInterval(timer);
}
