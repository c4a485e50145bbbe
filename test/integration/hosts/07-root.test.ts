/**
 * The root of the authority is changed while services on two hosts call each other over mutual TLS without a pause: no call
 * fails, though one agent is away for a while, and the other and the control plane are killed in between.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { systemClock } from '../../../src/base/index.js';
import type { AuthorityAnswer } from '../../../src/server/index.js';
import { requires } from '../../requires.js';
import { eventually, get, type Running } from '../house/support.js';
import { type Pair, pair, published } from './pair.js';
import type { Invitation } from './second-host.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const ready = process.getuid?.() === 0 && it !== it.skip;

describe('a change of the root', () => {
  let hosts: Pair | undefined;
  let joined: Running;
  let traffic: ReturnType<typeof callsTo>;
  let old = '';

  beforeAll(async () => {
    if (!ready) return;
    hosts = await pair(7);
    joined = hosts.joined;
    const front = hosts.serve('alpha', 'front', { calls: 'back', publish: true });
    hosts.serve('beta', 'back');
    const url = await published(front);
    await eventually(async () => ((await get(`${url}/via/back/x`)).status === 200 ? true : undefined));
    traffic = callsTo(`${url}/via/back/x`);
    old = (await rotate('--status')).shown;
  });
  afterAll(async () => {
    await traffic?.stop();
    await hosts?.end();
  });

  const running = () => {
    if (hosts === undefined) throw new Error('no hosts');
    return hosts;
  };
  const rotate = (...options: string[]) => running().first.json<AuthorityAnswer>('key', 'rotate', 'ca', ...options);
  const stands = (fits: (answer: AuthorityAnswer) => boolean) =>
    eventually(async () => {
      // While the control plane starts there is no answer.
      const done = await running().first.cli('key', 'rotate', 'ca', '--status', '-o', 'json');
      const answer: AuthorityAnswer | undefined = done.status === 0 ? JSON.parse(done.stdout) : undefined;
      return answer !== undefined && fits(answer) ? answer : undefined;
    });

  it('waits for an agent that is away, by name, over a kill of the control plane', async () => {
    joined.child.kill('SIGTERM');
    await joined.done;
    const begun = await rotate();
    expect([begun.phase, begun.roots.map(({ role }) => role)]).toEqual(['announced', ['signing', 'next']]);
    await stands(({ waitsFor }) => waitsFor.join() === 'beta');
    await kill('control');
    await stands(({ phase, waitsFor }) => phase === 'announced' && waitsFor.join() === 'beta');
    const refused = await running().first.cli('key', 'rotate', 'ca');
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining('the new root is not trusted yet on `beta`'),
    ]);
    expect(refused.stderr).toContain('--force');
    await traffic.goesOn();
  });

  it('goes on by itself when the agent is back: everybody’s certificates are replaced, over a kill of an agent', async () => {
    joined = await running().rejoin();
    await stands(({ phase }) => phase === 'switched');
    await kill('agent');
    await stands(({ waitsFor }) => waitsFor.length === 0);
    await kill('control');
    const standing = await stands(({ phase, waitsFor }) => phase === 'switched' && waitsFor.length === 0);
    expect(standing.roots.map(({ role }) => role)).toEqual(['signing', 'old']);
    // Both doors still show the root that those know who were away.
    expect(standing.shown).toBe(old);
    await traffic.goesOn();
  });

  it('ends when it is told to, and nothing of the old root is left', async () => {
    const { first, second } = running();
    const installed = JSON.parse((await first.cli('doctor', '--only', 'keys', '-o', 'json')).stdout).checks;
    expect(installed.find(({ name }: { name: string }) => name === 'rotation')).toMatchObject({ status: 'ok' });
    const ended = await rotate('--finish');
    expect([ended.phase, ended.ended, ended.roots.length]).toEqual(['none', 'finished', 1]);
    expect(ended.shown).not.toBe(old);
    expect(ended.hosts.map(({ host, needsToken }) => [host, needsToken])).toEqual([
      ['alpha', false],
      ['beta', false],
    ]);
    await traffic.goesOn();
    // Only by the new root: both agents, and the commands on this host, whose copy of the roots `up` follows.
    const identity = (data: string) => JSON.parse(readFileSync(join(data, 'agent/identity.json'), 'utf8'));
    for (const data of [first.data, second.data])
      await eventually(() => (identity(data).bundles['tricordon.local'].length === 1 ? true : undefined));
    await eventually(() =>
      JSON.parse(readFileSync(join(first.data, 'token'), 'utf8')).ca.match(/BEGIN/g)?.length === 1 ? true : undefined,
    );
    const keys = JSON.parse((await first.cli('key', 'list', '-o', 'json')).stdout).keys;
    const state = (name: string) => keys.find((key: { name: string }) => key.name === name)?.file?.state;
    expect(['root', 'next root', 'old root', 'old root certificate'].map(state)).toEqual([
      ...['present', 'absent', 'absent', 'absent'],
    ]);
    const trail = await first.cli('audit', 'verify', '-o', 'json');
    expect(trail.status, trail.stdout).toBe(0);
    const invitation = await first.json<Invitation>('agent', 'token', 'gamma');
    expect(invitation.fingerprint).toBe(ended.shown);
    await traffic.goesOn();
  });

  it('was noticed by no caller', async () => {
    const { calls, failed } = await traffic.stop();
    expect(failed).toEqual([]);
    expect(calls).toBeGreaterThan(50);
  });

  /** Ends one of the first host's processes as a crash would; its supervisor starts another. */
  async function kill(name: 'control' | 'agent'): Promise<void> {
    const { processes } = JSON.parse(readFileSync(join(running().first.data, 'state.json'), 'utf8'));
    process.kill(processes.find((entry: { name: string }) => entry.name === name).pid, 'SIGKILL');
  }
});

/** Calls again and again, two at a time, and keeps every answer that is none. */
function callsTo(url: string) {
  const failed: string[] = [];
  let calls = 0;
  let stopped = false;
  const callers = Promise.all(
    Array.from({ length: 2 }, async () => {
      while (!stopped) {
        const from = systemClock.now();
        const { status, text } = await get(url);
        calls += 1;
        if (status !== 200 || text !== 'hello from front; hello from back')
          failed.push(`${from} to ${systemClock.now()}: ${status} ${text}`);
        await sleep(50);
      }
    }),
  );
  return {
    /** Until as many calls were made again as are under way at once, and some. */
    goesOn: async () => {
      const from = calls;
      await eventually(() => (calls > from + 12 ? true : undefined));
    },
    stop: async () => {
      stopped = true;
      await callers;
      return { calls, failed };
    },
  };
}
