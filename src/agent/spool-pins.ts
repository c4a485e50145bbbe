/** Raw events of incidents that are not closed stay in the spool: the control plane says which, once a minute. */
import { type Logger, messageOf } from '../base/index.js';
import type { HeldPins, SpoolWriter } from '../store/index.js';
import { SpoolPins } from './control-answers.js';
import type { ControlClient } from './control-client.js';

const everyMs = 60_000;

export interface SpoolPinsOptions {
  readonly spool: Pick<SpoolWriter, 'hold'>;
  readonly client: Pick<ControlClient, 'call'>;
  /** For what only pins still hold. */
  readonly maxBytes: number;
  readonly log: Logger;
}

export interface SpoolPinning {
  readonly held: () => HeldPins;
  /** Asks now. Without an answer all stays as it is. */
  look(): Promise<void>;
  stop(): void;
}

export function keepSpoolPins({ spool, client, maxBytes, log }: SpoolPinsOptions): SpoolPinning {
  let held: HeldPins = { bytes: 0, refused: [] };
  const told = new Set<string>();
  const look = async () => {
    try {
      const { pins } = await client.call('GET', '/agent/v1/spool-pins', undefined, SpoolPins);
      held = await spool.hold(pins, maxBytes);
      const fresh = held.refused.filter((id) => !told.has(id));
      for (const id of fresh) told.add(id);
      if (fresh.length > 0)
        log.error(
          { incidents: fresh, bytes: held.bytes, maxBytes },
          'no room to keep raw events of these incidents: close older ones, or raise spool.maxMegabytes',
        );
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'what the spool holds stays as it is');
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  void look();
  return { held: () => held, look, stop: () => clearInterval(timer) };
}
