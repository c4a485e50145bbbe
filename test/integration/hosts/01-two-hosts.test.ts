import { readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Observation } from '../../../src/model/index.js';
import { eventually, get } from '../house/support.js';
import { requires } from '../../requires.js';
import { send } from '../server/harness.js';
import { type Pair, pair, published } from './pair.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python', 'bpftrace');
const ready = process.getuid?.() === 0 && it !== it.skip;

/** The second host's clock is this much behind. */
const skewMs = -7 * 60_000;
const services = ['front', 'back'] as const;

describe('two hosts', () => {
  let hosts: Pair | undefined;
  let base = '';

  beforeAll(async () => {
    if (!ready) return;
    hosts = await pair(1, { skewMs });
    base = await published(hosts.serve('alpha', 'front', { calls: 'back', publish: true }));
    hosts.serve('beta', 'back', { calls: 'front' });
    await eventually(async () => ((await get(`${base}/via/back/hello`)).status === 200 ? true : undefined));
  });
  afterAll(async () => hosts?.end());

  function running(): Pair {
    if (hosts === undefined) throw new Error('not started');
    return hosts;
  }

  const api = async <T>(path: string): Promise<T> => {
    const access = JSON.parse(readFileSync(join(running().first.data, 'token'), 'utf8'));
    const client = new Agent({ ca: access.ca });
    const headers = { authorization: `Bearer ${access.token}` };
    const answer = await send(access.url, 'GET', path, { client, headers });
    client.destroy();
    return answer.json as T; // the shape is what the test then asserts
  };

  /** Everything that ever arrived, in its order. */
  async function arrived(): Promise<Observation[]> {
    const all: Observation[] = [];
    for (let cursor = '0.0'; ; ) {
      const page = await api<{ observations: Observation[]; cursor: string }>(
        `/v1/observations?after=${cursor}&limit=1000`,
      );
      if (page.observations.length === 0) return all;
      all.push(...page.observations);
      cursor = page.cursor;
    }
  }

  const requestsTo = (all: readonly Observation[], path: string) =>
    all.filter(({ event }) => event.kind === 'request' && event.path === path);

  /** The key of one crossing: what was asked, in which trace, on which side. */
  const crossing = ({ service, join, event }: Observation) =>
    `${service} ${event.kind === 'request' ? event.direction : '?'} ${join.trace}`;

  it('let their services call each other by mutual TLS, each side knowing the other', async () => {
    expect((await get(`${base}/via/back/hello`)).text).toBe('hello from front; hello from back');
    expect((await get(`${base}/via/back/via.front.there`)).text).toBe(
      'hello from front; hello from back; hello from front',
    );
    const seen = await eventually(async () => {
      const all = await arrived();
      const found = requestsTo(all, '/there').filter(({ event }) => 'direction' in event && event.direction === 'in');
      const there = requestsTo(all, '/hello').filter(
        ({ service, event }) => service === 'back' && 'direction' in event && event.direction === 'in',
      );
      return found.length > 0 && there.length > 1 ? { back: found, forth: there } : undefined;
    });
    for (const one of seen.back)
      expect([one.host, one.service, one.join.caller]).toEqual([
        'alpha',
        'front',
        'spiffe://tricordon.local/service/back',
      ]);
    for (const one of seen.forth)
      expect([one.host, one.service, one.join.caller]).toEqual([
        'beta',
        'back',
        'spiffe://tricordon.local/service/front',
      ]);
    const { workloads } = await api<{ workloads: { service: string; host: string; attributes: { host: string } }[] }>(
      '/v1/workloads?running=true',
    );
    for (const [service, host] of [
      ['front', 'alpha'],
      ['back', 'beta'],
    ] as const)
      expect(workloads.find((one) => one.service === service)).toMatchObject({ host, attributes: { host } });
  });

  it('report each crossing once, also when agent and control plane are killed on the way and the spool is sent again', async () => {
    const rounds = 60;
    for (let n = 0; n < rounds; n += 1) {
      expect((await get(`${base}/via/back/count.${n}`)).status, `request ${n}`).toBe(200);
      if (n === 15) await killed('beta', 'agent');
      if (n === 30) await killed('alpha', 'control');
      if (n === 45) await killed('alpha', 'agent');
    }
    // As after a crash before the cursor was written: the whole spool goes once more.
    await killed('beta', 'agent', () => rmSync(join(running().second.data, 'spool/cursor.json'), { force: true }));
    const paths = Array.from({ length: rounds }, (_, n) => `/count/${n}`);
    const all = await eventually(async () => {
      const now = await arrived();
      return paths.every((path) => requestsTo(now, path).length >= 2) && (await sent()) ? await arrived() : undefined;
    });
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const path of paths)
      expect(requestsTo(all, path).map(crossing).toSorted(), path).toEqual([
        `back in ${requestsTo(all, path)[0]?.join.trace}`,
        `front out ${requestsTo(all, path)[0]?.join.trace}`,
      ]);
    // Neither agent sees what runs on the other host.
    for (const { host, service } of all)
      if (service === 'front' || service === 'back') expect(host).toBe(service === 'front' ? 'alpha' : 'beta');
    expect(services.every((service) => all.some((one) => one.service === service && one.event.kind === 'exec'))).toBe(
      true,
    );
  });

  it('stamp with one time, though the clock of one is minutes behind', async () => {
    const all = await arrived();
    for (const one of requestsTo(all, '/count/1')) {
      const [out, within] = ['out', 'in'].map((direction) =>
        all.find(
          ({ join, event, service }) =>
            join.trace === one.join.trace &&
            event.kind === 'request' &&
            event.path === '/count/1' &&
            event.direction === direction &&
            service !== 'gateway',
        ),
      );
      expect(Math.abs((out?.at ?? 0) - (within?.at ?? Number.NaN))).toBeLessThan(-skewMs / 4);
    }
  });

  /** Kills one of our processes and waits until it is back. */
  async function killed(host: 'alpha' | 'beta', name: string, meanwhile: () => void = () => {}): Promise<void> {
    const { first, second } = running();
    const path = join(host === 'alpha' ? first.data : second.data, 'state.json');
    const pidOf = (): number | undefined => {
      const { processes }: { processes: { name: string; pid: number }[] } = JSON.parse(readFileSync(path, 'utf8'));
      return processes.find((one) => one.name === name)?.pid;
    };
    const pid = pidOf();
    if (pid === undefined) throw new Error(`${name} does not run`);
    process.kill(pid, 'SIGKILL');
    meanwhile();
    await eventually(async () => {
      const now = pidOf();
      if (now === undefined || now === pid) return undefined;
      const done = await (host === 'alpha' ? first : second).cli('status', '-o', 'json');
      const { agent, control } = JSON.parse(done.stdout);
      return (name === 'agent' ? agent : control) === null ? undefined : true;
    });
  }

  /** Whether both agents have nothing left to send. */
  async function sent(): Promise<boolean> {
    for (const ask of [running().first.cli, running().second.cli]) {
      const status = JSON.parse((await ask('status', '-o', 'json')).stdout);
      if (status.agent?.spool?.pending !== 0) return false;
    }
    return true;
  }
});
