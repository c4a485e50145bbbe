/** What has to be done now and then: days to come, old sessions, links and sources. */
import { messageOf } from '../../base/index.js';
import type { Context } from '../context.js';

/** Returns what ends it. */
export function startUpkeep(context: Context): () => void {
  const { store, log } = context;
  const once = () => {
    Promise.all([store.observations.makeDays(), store.accounts.sweep(), store.credentials.sweep()]).catch(
      (error: unknown) => log.warn({ reason: messageOf(error) }, 'upkeep is tried again later'),
    );
  };
  once();
  const timer = setInterval(once, 3_600_000);
  timer.unref();
  return () => clearInterval(timer);
}
