/** Closes what is open when its time has come. Agents end it by themselves: this is for the record, and for whoever waits for the word. */
import { messageOf } from '../../base/index.js';
import type { Context } from '../context.js';
import { announceEnd } from '../glass.js';

const everyMs = 1_000;

/** Returns what ends it. */
export function startClosing(context: Context): () => void {
  const { store, changes, log } = context;
  let busy = false;
  const once = async () => {
    for (const opening of await store.glass.standing()) {
      const now = context.limits.now();
      if (opening.until > now) continue;
      const closed = { at: opening.until, by: 'time' };
      const done = await changes.transact(async (tx, note) => {
        const was = await tx.glass.close(opening.id, closed);
        if (was) {
          note.revise();
          note.tell('glass', opening.id, 'closed');
        }
        return was;
      });
      if (done) announceEnd(context, { ...opening, closed });
    }
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    once()
      .catch((error: unknown) => log.debug({ reason: messageOf(error) }, 'the glass is closed later'))
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
