import { expect, test } from 'vitest';
import type { Api } from './api.js';
import { CliError, type CliErrorCode } from './command.js';
import { patientApi } from './patient-api.js';

/** Fails with these codes, one after the other, then answers how often it was asked. */
function failing(...codes: CliErrorCode[]): Api {
  let asked = 0;
  const answer = async <T>(): Promise<T> => {
    const code = codes[asked];
    asked += 1;
    if (code !== undefined) throw new CliError(code, 'socket hang up');
    return JSON.parse(String(asked)) as T; // the fake's own answer
  };
  return { get: answer, text: answer, post: answer, stream: async () => {} };
}

function patient(api: Api): { api: Api; said: string[] } {
  const said: string[] = [];
  return { api: patientApi(api, { who: 'the control plane', say: (line) => said.push(line), everyMs: 1 }), said };
}

test('waits for a control plane that is being restarted, and says so once', async () => {
  const { api, said } = patient(failing('not-running', 'unavailable', 'unreachable'));
  expect(await api.get('/v1/status')).toBe(4);
  expect(said).toEqual([
    'the control plane is away (socket hang up): waiting until `up` has brought it back',
    expect.stringMatching(/^the control plane is back after [0-9.]+ s$/),
  ]);
});

test('repeats a change whose answer was cut off', async () => {
  const { api } = patient(failing('unreachable', 'not-running'));
  expect(await api.post('/v1/actions/apply', {})).toBe(3);
});

test('says nothing when it was not kept waiting', async () => {
  const { api, said } = patient(failing());
  expect(await api.get('/v1/status')).toBe(1);
  expect(said).toEqual([]);
});

test('repeats nothing that was refused', async () => {
  const { api } = patient(failing('refused'));
  await expect(api.get('/v1/status')).rejects.toMatchObject({ code: 'refused' });
});
