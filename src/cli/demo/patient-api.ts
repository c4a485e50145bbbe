/** The API of a house whose parts may be killed and come back meanwhile: what was surely not taken is asked again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../api.js';
import { CliError } from '../command.js';

/** Longer than any part of the house needs to come back. */
const patienceMs = 60_000;

export function patientApi(api: Api, everyMs = 250): Api {
  return {
    ...api,
    get: <T>(path: string) => patiently(() => api.get<T>(path), ['not-running', 'unavailable', 'unreachable'], everyMs),
    // Whether a change was taken whose answer was cut off is not known: that one is not repeated.
    post: <T>(path: string, body: unknown) =>
      patiently(() => api.post<T>(path, body), ['not-running', 'unavailable'], everyMs),
  };
}

async function patiently<T>(ask: () => Promise<T>, passing: readonly string[], everyMs: number): Promise<T> {
  for (const deadline = performance.now() + patienceMs; ; await sleep(everyMs)) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof CliError) || !passing.includes(error.code) || performance.now() > deadline) throw error;
    }
  }
}
