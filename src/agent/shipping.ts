/** Takes the spool's blocks to the control plane, in order, at least once; the cursor moves only after a 2xx. */
import { z } from 'zod';
import { type Logger, messageOf } from '../base/index.js';
import type { Observation } from '../model/index.js';
import { type ReadableSpool, readSpool, shippingCursor } from '../store/index.js';
import type { ControlClient } from './control-client.js';
import { AgentError } from './errors.js';
import { spokenObservation } from './spoken-observation.js';

const Answer = z.object({ accepted: z.int(), refused: z.int() });
const rowsPerRequest = 2_000;

export interface Shipping {
  /** Something new is in the spool. */
  nudge(): void;
  readonly pending: () => number;
  readonly reachable: () => boolean;
  stop(): Promise<void>;
}

export interface ShippingOptions {
  readonly spool: ReadableSpool;
  readonly client: Pick<ControlClient, 'call' | 'protocol'>;
  readonly written: () => number;
  readonly log: Logger;
}

export function startShipping(options: ShippingOptions): Shipping {
  const cursor = shippingCursor(options.spool.directory);
  let stopped = false;
  let wake: (() => void) | undefined;
  let next = 1;
  let reachable = false;
  let dirty = false;
  const ended = loop();

  return {
    nudge: () => {
      dirty = true;
      wake?.();
    },
    pending: () => Math.max(0, options.written() + 1 - next),
    reachable: () => reachable,
    stop: async () => {
      stopped = true;
      wake?.();
      await ended;
    },
  };

  async function loop(): Promise<void> {
    next = await cursor.read();
    let delay = 0;
    while (!stopped) {
      try {
        const before = next;
        dirty = false;
        await shipFrom();
        reachable = true;
        delay = 0;
        if (next === before && !dirty && !stopped) await sleep(5_000);
      } catch (error) {
        reachable = false;
        delay = Math.min(5_000, Math.max(100, delay * 2));
        const level = error instanceof AgentError && error.code === 'control-unreachable' ? 'debug' : 'warn';
        options.log[level]({ error: messageOf(error), pending: options.written() + 1 - next }, 'observations wait');
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  }

  async function shipFrom(): Promise<void> {
    for await (const item of readSpool(options.spool, { from: next })) {
      if (stopped) return;
      if (item.kind === 'problem') {
        if (item.problem !== 'torn')
          options.log.error(
            { problem: item.problem, segment: item.segment, sequence: item.sequence, detail: item.detail },
            'spool is damaged',
          );
        continue;
      }
      for (let from = 0; from < item.observations.length; from += rowsPerRequest) {
        await send(item.observations.slice(from, from + rowsPerRequest));
      }
      next = item.sequence + 1;
      await cursor.commit(next);
    }
  }

  async function send(given: readonly Observation[]): Promise<void> {
    const protocol = options.client.protocol();
    const observations = given.map((one) => spokenObservation(one, protocol));
    const answer = await options.client.call('POST', '/agent/v1/observations', { observations }, Answer);
    if (answer.refused > 0) options.log.warn({ refused: answer.refused }, 'the control plane refused observations');
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        wake = undefined;
        resolve();
      };
    });
  }
}
