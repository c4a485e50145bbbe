/**
 * One time for all hosts: the control plane's. What a host sees is stamped with it, so that the parts of one incident stand
 * in the order in which they happened, whatever the wall clock of each host says.
 */
import { z } from 'zod';
import type { Clock } from '../base/index.js';
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
