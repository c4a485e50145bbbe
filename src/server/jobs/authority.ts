/** Takes the steps of a change of the root that need nobody's decision any more. */
import { messageOf } from '../../base/index.js';
import { followingStep, takeStep, tellRoots } from '../authority/rotation.js';
import type { Context } from '../context.js';

const everyMs = 1_000;

/** Returns what ends it. */
export function startRotating(context: Context): () => void {
  const { authority, log } = context;
  let busy = false;
  let told: unknown;
  const once = async () => {
    const state = authority.roots.state();
    // Without a change under way, and with everybody told, there is nothing to ask the database.
    if (state.phase === 'none' && told === state) return;
    await tellRoots(context);
    told = state;
    const step = await followingStep(context);
    if (step === undefined || state.phase === 'none') return;
    log.info({ step }, 'the change of the root goes on');
    await takeStep(context, step, state.by);
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    once()
      .catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'the change of the root goes on later'))
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
