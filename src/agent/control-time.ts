/**
 * One time for all hosts: the control plane's. What a host sees is stamped with it, so that the parts of one incident stand
 * in the order in which they happened, whatever the wall clock of each host says.
 */
import { z } from 'zod';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, type Logger, messageOf } from '../base/index.js';
import type { ControlClient } from './control-client.js';

export interface ControlTime {
  /** This host's clock, corrected by what was last found. */
  readonly clock: Clock;
  /** Milliseconds by which this host's clock is behind the control plane's; 0 while they agree. */
  behind(): number;
  /** Compares once; rejects when the control plane does not answer, and the last correction stays. */
  compare(): Promise<void>;
  /** The wall clock was stepped since the last comparison. */
  stepped(): boolean;
}

/** Hosts that keep time differ by less; what cannot be told from a slow answer is not corrected. */
const toleranceMs = 500;
const Answer = z.object({ now: z.number() });

export function controlTime(local: Clock, client: Pick<ControlClient, 'call'>): ControlTime {
  let behind = 0;
  let start = local.now() - local.monotonic();
  return {
    clock: { now: () => local.now() + behind, monotonic: () => local.monotonic() },
    behind: () => behind,
    async compare() {
      start = local.now() - local.monotonic();
      const asked = local.monotonic();
      const { now } = await client.call('GET', '/agent/v1/time', undefined, Answer, { timeoutMs: 5_000 });
      const took = local.monotonic() - asked;
      const difference = now + took / 2 - local.now();
      behind = Math.abs(difference) <= toleranceMs + took / 2 ? 0 : difference;
    },
    stepped: () => Math.abs(local.now() - local.monotonic() - start) > toleranceMs,
  };
}

/** Every half minute, and at once when the wall clock was stepped. */
export async function keepTime(time: ControlTime, log: Logger, signal: AbortSignal): Promise<void> {
  for (let waited = 0; !signal.aborted; waited += 500) {
    await sleep(500, undefined, { signal }).catch(() => {});
    if (signal.aborted || (waited < 30_000 && !time.stepped())) continue;
    waited = 0;
    await compareTime(time, log);
  }
}

/** An unanswered question leaves the last correction. */
export async function compareTime(time: ControlTime, log: Logger): Promise<void> {
  const before = time.behind();
  await time.compare().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'time not compared'));
  if (Math.abs(time.behind() - before) > 1_000)
    log.warn(
      { behindMs: Math.round(time.behind()) },
      "this host's clock is not the control plane's: corrected in what it reports",
    );
}
