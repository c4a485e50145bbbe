/** How this agent stands with the control plane: whether it answers, and whether both speak one language. */
import { type Logger, messageOf } from '../base/index.js';
import { AgentError } from './errors.js';

export interface ControlContact {
  readonly reachable: () => boolean;
  /** Why it does not speak with this version; null while it does. */
  readonly apart: () => string | null;
  reached(): void;
  understood(): void;
  lost(): void;
  /** What is in force stays in force, and what is seen waits in the spool. Said once. */
  refusedVersion(error: unknown): void;
}

export function controlContact(log: Logger): ControlContact {
  let reachable = false;
  let apart: string | null = null;
  return {
    reachable: () => reachable,
    apart: () => apart,
    reached: () => {
      reachable = true;
    },
    understood: () => {
      apart = null;
    },
    lost: () => {
      reachable = false;
    },
    refusedVersion: (error) => {
      const why = messageOf(error);
      if (apart === why) return;
      apart = why;
      const hint = error instanceof AgentError ? error.hint : undefined;
      log.error({ reason: why, hint }, 'the control plane does not speak with this version');
    },
  };
}
