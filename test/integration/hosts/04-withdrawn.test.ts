import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Observation, Workload } from '../../../src/model/index.js';
import { requires } from '../../requires.js';
import { eventually, get, type Running } from '../house/support.js';
import { type Pair, pair, published } from './pair.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const ready = process.getuid?.() === 0 && it !== it.skip;
const distrusted = 'the control plane does not trust this host any more';

describe('which hosts are trusted with what', () => {
  let hosts: Pair | undefined;
  let back: Running;
  const at = { front: '', back: '' };

  beforeAll(async () => {
    if (!ready) return;
    // Short, so that a renewal is due within the story.
    hosts = await pair(4, { settings: { identity: { svidMinutes: 0.5 } } });
    at.front = await published(hosts.serve('alpha', 'front', { calls: 'back', publish: true }));
    back = hosts.serve('beta', 'back', { calls: 'front', publish: true });
    at.back = await published(back);
    await both(true);
  });
  afterAll(async () => hosts?.end());

  it('let a service run on a second one only once that is allowed; then both have its identity', async () => {
    const { first, serve } = running();
    serve('alpha', 'spread');
    await eventually(async () => ((await live('spread')).length === 1 ? true : undefined));
    const refused = await serve('beta', 'spread').done;
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('host `beta` may not run the service `spread`');
    expect(refused.stderr).toContain('tricordon agent allow beta spread');

    const allowed = await first.cli('agent', 'allow', 'beta', 'spread');
    expect([allowed.status, allowed.stdout]).toEqual([0, 'spread may run on alpha, beta\n']);
    serve('beta', 'spread');
    const instances = await eventually(async () => {
      const now = await live('spread');
      return now.length === 2 ? now : undefined;
    });
    expect(instances.map(({ host, identity }) => [host, identity]).toSorted()).toEqual([
      ['alpha', 'spiffe://tricordon.local/service/spread'],
      ['beta', 'spiffe://tricordon.local/service/spread'],
    ]);
  });

  it('give nothing more to a withdrawn one, and refuse what it vouched for', async () => {
    const { first, second, serve } = running();
    expect(agentLog()).not.toContain(distrusted);
    const withdrawn = await first.cli('agent', 'withdraw', 'beta');
    expect([withdrawn.status, withdrawn.stdout]).toEqual([0, expect.stringContaining('beta is withdrawn')]);
    await eventually(() => (agentLog().includes(distrusted) ? true : undefined));
    expect(agentLog()).toContain('`tricordon agent token HOST` on the control plane');

    // Its certificates are still in time: they are refused for who vouched for them.
    await both(false);
    const refusals = await eventually(async () => {
      const found = (await observations('front')).filter(
        ({ event }) => event.kind === 'flow' && event.direction === 'in' && event.verdict.effect === 'deny',
      );
      return found.length > 0 ? found : undefined;
    });
    for (const { join } of refusals) expect(join.caller).toBe('spiffe://tricordon.local/service/back');

    const late = await serve('beta', 'late').done;
    expect(late.status).toBe(1);
    expect(late.stderr).toContain('this certificate was replaced or withdrawn');
    expect(await live('late')).toEqual([]);
    await eventually(() => (/service\/back".*svid renewal failed/.test(agentLog()) ? true : undefined));
    const { agent } = JSON.parse((await second.cli('status', '-o', 'json')).stdout);
    expect(agent.controlReachable).toBe(false);
    expect((await live('back')).length + (await live('gateway')).filter(({ host }) => host === 'beta').length).toBe(0);
  });

  it('take one back with a new token, and its services once they are started again', async () => {
    const { joined, rejoin, serve } = running();
    joined.child.kill('SIGTERM');
    expect((await joined.done).status).toBe(0);
    back.child.kill('SIGTERM');
    expect((await back.done).status).toBe(143);
    await rejoin();
    at.back = await published(serve('beta', 'back', { calls: 'front', publish: true }));
    await both(true);
    // A new gateway, not the old one with what is left of its certificate.
    expect((await live('gateway')).map(({ host }) => host).toSorted()).toEqual(['alpha', 'beta']);
  });

  function running(): Pair {
    if (hosts === undefined) throw new Error('not started');
    return hosts;
  }

  /** Until each gets through to the other, or neither does. */
  async function both(through: boolean): Promise<void> {
    for (const [from, to] of [
      ['front', 'back'],
      ['back', 'front'],
    ] as const)
      await eventually(async () => {
        const { text } = await get(`${at[from]}/via/${to}/hello`);
        return (text === `hello from ${from}; hello from ${to}`) === through ? true : undefined;
      });
  }

  async function live(service: string): Promise<Workload[]> {
    const { workloads } = await running().first.json<{ workloads: Workload[] }>('identity', 'show', service);
    return workloads.filter(({ endedAt }) => endedAt === null);
  }

  async function observations(service: string): Promise<Observation[]> {
    const args = ['--service', service, '--layer', 'network', '--limit', '200', '-o', 'json'];
    const { stdout } = await running().first.cli('observations', ...args);
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Observation]));
  }

  function agentLog(): string {
    return readFileSync(join(running().second.data, 'log/agent.log'), 'utf8');
  }
});
