/** Signs the head of the audit trail again and again, so that an end cut off in the database shows. */
import { messageOf } from '../../base/index.js';
import { StoreError } from '../../store/index.js';
import type { Context } from '../context.js';

const everyMs = 2_000;

/** Returns what ends it, with a last checkpoint. The first is made before anything is appended by this process. */
export async function startCheckpoints(context: Context): Promise<() => Promise<void>> {
  const { store, checkpoint, counters, clock, log } = context;
  let said = '';
  const once = async () => {
    try {
      await checkpoint.follow(store.audit);
      counters.checkpointAt = clock.now();
      said = '';
    } catch (error) {
      const message = messageOf(error);
      if (message === said) return;
      said = message;
      // What was signed stays as it is: `audit verify` compares with it for as long as nobody explains the difference.
      if (error instanceof StoreError && (error.code === 'tampered' || error.code === 'malformed'))
        log.error({ reason: message }, 'the audit trail is not what was signed');
      else log.warn({ reason: message }, 'the audit checkpoint is written later');
    }
  };
  await once();
  const timer = setInterval(() => void once(), everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    return once();
  };
}
