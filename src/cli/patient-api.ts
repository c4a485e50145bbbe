/**
 * The API of a house whose parts may be killed and come back meanwhile. INVARIANT: all that is asked through it is safe
 * to ask twice, since an answer that was cut off does not say whether the change was made: a proposal, approval, mode,
 * order or plan for an incident that is there already is the answer, a second token or plan for a service is not used.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.js';
import { CliError, type CliErrorCode } from './command.js';

/** Longer than any part of the house needs to come back. */
const patienceMs = 60_000;
const passing: ReadonlySet<CliErrorCode> = new Set(['not-running', 'unavailable', 'unreachable']);

export interface Patience {
  /** Who is waited for, in a sentence: `the control plane`. */
  readonly who: string;
  readonly say: (line: string) => void;
  readonly everyMs?: number;
}

export function patientApi(api: Api, patience: Patience): Api {
  return {
    ...api,
    get: <T>(path: string) => patiently(() => api.get<T>(path), patience),
    post: <T>(path: string, body: unknown) => patiently(() => api.post<T>(path, body), patience),
  };
}

/** Asks again while who is asked is away, for a minute. What was refused stays refused. */
export async function patiently<T>(ask: () => Promise<T>, { who, say, everyMs = 250 }: Patience): Promise<T> {
  const began = performance.now();
  for (let waiting = false; ; await sleep(everyMs)) {
    try {
      const answer = await ask();
      if (waiting) say(`${who} is back after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
      return answer;
    } catch (error) {
      if (!(error instanceof CliError) || !passing.has(error.code) || performance.now() - began > patienceMs)
        throw error;
      if (!waiting) say(`${who} is away (${error.message}): waiting until \`up\` has brought it back`);
      waiting = true;
    }
  }
}
