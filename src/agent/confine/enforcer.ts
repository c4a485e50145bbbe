import { codeOf, messageOf, TricordonError } from '../../base/index.js';
import type { Enforcer, StepResult } from '../../respond/index.js';
import type { Hands, Target } from './hands.js';

export interface EnforcerOptions {
  readonly hands: Hands;
  readonly find: (workload: string) => Target | undefined;
  /** Starts the command again (through the `run` that holds it), from code of the approved digest. */
  readonly restart: (workload: string) => Promise<StepResult>;
  readonly collect: (workload: string) => Promise<StepResult>;
}

/** Containment on this host, with whichever hands it has. */
export function hostEnforcer(options: EnforcerOptions): Enforcer {
  const { hands, find } = options;
  return {
    pause: step(async (target) => `${await hands.pause(target)} processes stand still`),
    resume: step(async (target) => `${await hands.resume(target)} processes go on`),
    isolate: step(async (target) => {
      await hands.isolate(target);
      return 'no packet enters or leaves';
    }),
    rejoin: step(async (target) => {
      await hands.rejoin(target);
      return 'connections pass again, through the sidecar';
    }),
    kill: step(async (target) => `${await hands.kill(target)} processes ended`),
    restart: options.restart,
    collect: options.collect,
  };

  function step(carryOut: (target: Target) => Promise<string>): (workload: string) => Promise<StepResult> {
    return async (workload) => {
      const target = find(workload);
      if (target === undefined) return { status: 'failed', detail: `no workload \`${workload}\` runs on this host` };
      try {
        return { status: 'done', detail: await carryOut(target) };
      } catch (error) {
        const hint = error instanceof TricordonError && error.hint !== undefined ? `; ${error.hint}` : '';
        const status = ['rung-unusable', 'unavailable'].includes(codeOf(error) ?? '') ? 'unavailable' : 'failed';
        return { status, detail: `${messageOf(error)}${hint}` };
      }
    };
  }
}
