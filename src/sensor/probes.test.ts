import { expect, test } from 'vitest';
import type { Exec, ExecResult } from '../base/index.js';
import { sensorProbes } from './probes.js';

const answer = (status: number | null, stdout: string): ExecResult => ({
  status,
  signal: null,
  stdout,
  stderr: '',
  truncated: false,
  timedOut: false,
});

test('every probe has a name, a status and a sentence, and what is missing comes with a command', async () => {
  const old: Exec = async (file) => answer(file.endsWith('strace') ? 1 : 0, 'bpftrace v0.14.1\n');
  const probes = await sensorProbes({ exec: old, isRoot: false });
  expect(probes.map(({ name }) => name)).toEqual(['privilege', 'tracefs', 'btf', 'bpftrace', 'strace']);
  expect(probes[0]).toMatchObject({ status: 'warn', fix: 'sudo tricordon up' });
  for (const name of ['bpftrace', 'strace']) {
    const probe = probes.find((one) => one.name === name);
    expect(probe?.status).toBe('warn');
    expect(probe?.fix).not.toBeNull();
  }
});
