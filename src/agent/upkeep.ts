/** Twice a second: what is open comes to its end, what died is started anew. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, messageOf } from '../base/index.js';
import type { Gateway } from './gateway.js';
import type { Glass } from './glass.js';
import type { Workloads } from './workloads.js';

export interface LookedAfter {
  readonly glass: Pick<Glass, 'look'>;
  readonly workloads: Pick<Workloads, 'check'>;
  readonly gateway: Pick<Gateway, 'check'>;
}

export async function lookAfter({ glass, workloads, gateway }: LookedAfter, log: Logger, signal: AbortSignal) {
  while (!signal.aborted) {
    await sleep(500, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      glass.look();
      await workloads.check();
      await gateway.check();
    } catch (error) {
      log.error({ error: messageOf(error) }, 'a check failed');
    }
  }
}
