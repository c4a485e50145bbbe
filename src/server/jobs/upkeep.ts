/** What has to be done now and then: days to come, old sessions, what consoles were told long ago. */
import { messageOf } from '../../base/index.js';
import type { Context } from '../context.js';

/** Whoever was away for more than these fetches everything anew. */
const keepChanges = 10_000;

/** Returns what ends it. */
export function startUpkeep(context: Context): () => void {
  const { store, log } = context;
  const once = () => {
    Promise.all([
      store.observations.makeDays(),
      store.accounts.sweep(),
      store.credentials.sweep(),
      store.changes.sweep(keepChanges),
    ]).catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'upkeep is tried again later'));
  };
  once();
  const timer = setInterval(once, 3_600_000);
  timer.unref();
  return () => clearInterval(timer);
}
