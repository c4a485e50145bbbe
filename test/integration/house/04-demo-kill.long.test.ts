import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect } from 'vitest';
import { requires } from '../../requires.js';
import { asRoot, commandLine, eventually, leftOf, start, tricordon } from './support.js';

const it = await requires('root', 'bpftrace', 'nftables', 'iproute2', 'postgresql');
const places = ['/var/lib/tricordon-demo', '/run/tricordon-demo'];
const house = '/var/lib/tricordon-demo/house';

/** Who dies, and after which word of the demo. */
const deaths: readonly (readonly [victim: string, after: string])[] = [
  ['demo', 'preparing the shop'],
  ['demo', 'customers come to'],
  ['demo', 'containing it'],
  ['up', 'agent ready'],
  ['up', 'customers come to'],
  ['control', 'agent ready'],
  ['control', 'approving'],
  ['control', 'containing it'],
  ['agent', 'services ready'],
  ['agent', 'containing it'],
  ['helper', 'the attack'],
  ['postgresql', 'customers come to'],
  ['gateway', 'customers come to'],
  ['sidecar', 'approving'],
  ['workload', 'approving'],
];

describe('killing a process of the demo', () => {
  afterAll(async () => {
    await tricordon(asRoot(), ['status']);
  });

  for (const [victim, after] of deaths) {
    it(`ends well or says what went wrong when ${victim} is killed after \`${after}\`, and leaves nothing to the next command`, async () => {
      const demo = start(asRoot(), ['demo', '--headless', '-o', 'json']);
      await demo.until((_, err) => (err.includes(after) ? true : undefined));
      const pid = await eventually(() => (victim === 'demo' ? demo.child.pid : pidOf(victim)));
      process.kill(pid, 'SIGKILL');
      const done = await demo.done;
      if (victim === 'demo') expect(done.signal).toBe('SIGKILL');
      else if (done.status !== 0) expect(done.stderr).toMatch(/^(error|warning): /m);
      else expect(JSON.parse(done.stdout)).toMatchObject({ restored: true, hardened: { outcome: 'refused' } });

      await tricordon(asRoot(), ['status']);
      for (const place of places) {
        expect(existsSync(place), done.stderr).toBe(false);
        expect(await leftOf(place, '')).toEqual([]);
      }
    });
  }
});

function pidOf(victim: string): number | undefined {
  const { supervisor, processes } = read(`${house}/state.json`);
  if (victim === 'up') return supervisor?.pid;
  const supervised = processes?.find((entry) => entry.name === victim)?.pid;
  if (supervised !== undefined) return supervised;
  const { workloads, gateway } = read(`${house}/agent/state.json`);
  const orders = workloads?.find((record) => record.request.service === 'orders');
  const pid = { gateway: gateway?.sidecar, sidecar: orders?.plane.sidecar, workload: orders?.process }[victim]?.pid;
  return pid === undefined || commandLine(pid) === '' ? undefined : pid;
}

interface Known {
  supervisor?: { pid: number };
  processes?: { name: string; pid: number }[];
  workloads?: { request: { service: string }; plane: { sidecar: { pid: number } }; process: { pid: number } | null }[];
  gateway?: { sidecar: { pid: number } } | null;
}

function read(path: string): Known {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Known; // our own files
  } catch {
    return {};
  }
}
