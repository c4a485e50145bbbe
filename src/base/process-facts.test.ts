import { once } from 'node:events';
import { expect, test } from 'vitest';
import { spawnProcess } from './exec.js';
import { cgroupOf, commandLineOf, executableOf, isRunning, processFacts } from './process-facts.js';

test('a process is named by pid and start time: another start is another process', () => {
  const own = processFacts(process.pid);
  if (own === undefined) throw new Error('not found');
  expect(own.ppid).toBe(process.ppid);
  expect(isRunning(process.pid, own.start)).toBe(true);
  expect(isRunning(process.pid, own.start + 1)).toBe(false);
  expect(commandLineOf(process.pid)?.length).toBeGreaterThan(0);
  expect(executableOf(process.pid)).toBe(process.execPath);
});

test('a name with brackets, spaces and line ends moves no field', async () => {
  const child = spawnProcess(
    '/bin/sh',
    ['-c', 'printf ") R 1 1\\n(" > /proc/self/task/$$/comm; echo named; read line'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  if (child.stdout === null || child.stdin === null || child.pid === undefined) throw new Error('not started');
  await once(child.stdout, 'data');
  const facts = processFacts(child.pid);
  expect([facts?.comm, facts?.ppid]).toEqual([') R 1 1\n(', process.pid]);
  child.stdin.end();
  await once(child, 'exit');
});

test('a process that is gone between event and look-up is not there, and nothing is thrown', async () => {
  const child = spawnProcess('/bin/true', [], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const start = processFacts(pid)?.start ?? 0;
  await once(child, 'exit');
  expect(processFacts(pid)).toBeUndefined();
  expect(isRunning(pid, start)).toBe(false);
  expect([commandLineOf(pid), executableOf(pid), cgroupOf(pid)]).toEqual([undefined, undefined, undefined]);
});
