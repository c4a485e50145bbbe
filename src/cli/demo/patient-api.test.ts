import { expect, test } from 'vitest';
import type { Api } from '../api.js';
import { CliError, type CliErrorCode } from '../command.js';
import { patientApi } from './patient-api.js';

/** Fails with these codes, one after the other, then answers how often it was asked. */
function failing(...codes: CliErrorCode[]): Api {
  let asked = 0;
  const answer = async <T>(): Promise<T> => {
    const code = codes[asked];
    asked += 1;
    if (code !== undefined) throw new CliError(code, 'away');
    return JSON.parse(String(asked)) as T; // the fake's own answer
  };
  return { get: answer, post: answer, stream: async () => {} };
}

test('waits for a control plane that is being restarted', async () => {
  expect(await patientApi(failing('not-running', 'unavailable', 'unreachable'), 1).get('/v1/status')).toBe(4);
  expect(await patientApi(failing('not-running', 'unavailable'), 1).post('/v1/tokens', {})).toBe(3);
});

test('repeats no change that may have been taken, and nothing that was refused', async () => {
  await expect(patientApi(failing('unreachable'), 1).post('/v1/tokens', {})).rejects.toMatchObject({
    code: 'unreachable',
  });
  await expect(patientApi(failing('refused'), 1).get('/v1/status')).rejects.toMatchObject({ code: 'refused' });
});
