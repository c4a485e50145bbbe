import { expect, it } from 'vitest';
import { exec } from './exec.js';

it('ends in time also when a child of the child holds its output', async () => {
  const began = performance.now();
  const done = await exec('/bin/sh', ['-c', 'echo said; sleep 120 & sleep 120'], { timeoutMs: 200 });
  expect(done).toMatchObject({ timedOut: true, signal: 'SIGKILL', stdout: 'said\n' });
  // Far below what the grandchild takes; no bound on a slow machine.
  expect(performance.now() - began).toBeLessThan(60_000);
});

it('says how a program ended, or that it could not be started', async () => {
  expect(await exec('/bin/sh', ['-c', 'echo no >&2; exit 3'])).toMatchObject({
    status: 3,
    stderr: 'no\n',
    timedOut: false,
  });
  expect((await exec('/no/such/program', [])).error?.code).toBe('ENOENT');
});

it('keeps no more than it was told to', async () => {
  const done = await exec('/bin/sh', ['-c', 'printf 0123456789'], { maxBytes: 4 });
  expect(done).toMatchObject({ stdout: '0123', truncated: true });
});
