import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { processFacts, spawnProcess } from '../base/index.js';
import { glimpse } from './glimpse.js';
import { descendants, ownLook } from './proc-look.js';
import type { Target } from './target.js';

const groups: number[] = [];
afterEach(() => {
  for (const group of groups.splice(0)) process.kill(-group, 'SIGKILL');
});

/** A shell with two sleeping children, once both run. */
async function family() {
  const child = spawnProcess('/bin/sh', ['-c', 'sleep 61 & sleep 62 & wait'], { stdio: 'ignore', detached: true });
  const { pid = 0 } = child;
  groups.push(pid);
  const asleep = () => descendants([pid]).filter((one) => glimpse(one)?.args[0] === 'sleep').length;
  while (asleep() < 2) await new Promise((resume) => setTimeout(resume, 5));
  return { pid, start: processFacts(pid)?.start ?? -1 };
}

const target = (root: { pid: number; start: number }): Target => ({
  workload: 'web-host-00000001',
  service: 'web',
  identity: null,
  root,
});

test('a process, its children and nobody else', async () => {
  const root = await family();
  const one = target(root);
  const seen = (await ownLook()([one])).get(one) ?? [];
  expect(seen.map(({ pid }) => pid).sort()).toEqual(descendants([root.pid]).sort());
  expect(seen.map(({ args }) => args.join(' ')).sort()).toContain('sleep 61');
  expect(seen).toHaveLength(3);
});

test('who was seen once stays a member when its parent ends; a pid of another start is nobody', async () => {
  const root = await family();
  const one = target(root);
  const look = ownLook();
  await look([one]);
  process.kill(root.pid, 'SIGKILL');
  let left = [...((await look([one])).get(one) ?? [])];
  while (left.some(({ pid }) => pid === root.pid)) left = [...((await look([one])).get(one) ?? [])];
  expect(left.map(({ args }) => args.join(' ')).sort()).toEqual(['sleep 61', 'sleep 62']);
  const stranger = { ...target({ pid: process.pid, start: 1 }), workload: 'web-host-00000002' };
  expect((await look([stranger])).get(stranger)).toEqual([]);
});

test('a glimpse holds the program, its words and its sockets', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const self = glimpse(process.pid);
  server.close();
  expect(self).toMatchObject({ pid: process.pid, executable: process.execPath, argsTruncated: false });
  expect(self?.network?.namespace).toMatch(/^net:\[\d+\]$/);
  expect(self?.network?.sockets.length).toBeGreaterThan(0);
  expect(glimpse(4_194_303)).toBeUndefined();
});
