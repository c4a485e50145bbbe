import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Action, Incident, Observation, Signal } from '../../../src/model/index.js';
import { requires } from '../../requires.js';
import { eventually, get } from '../house/support.js';
import { type Pair, pair, published } from './pair.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python', 'bpftrace');
const ready = process.getuid?.() === 0 && it !== it.skip;

/** The second host's clock is this much behind. */
const skewMs = -7 * 60_000;
/** What the times of two hosts may still differ by once they are corrected. */
const toleratedMs = 500;
const services = ['front', 'back'] as const;

interface Shown {
  readonly incident: Incident;
  readonly story: readonly { readonly at: number; readonly signals: readonly string[] }[];
}

describe('an attack that crosses two hosts', () => {
  let hosts: Pair | undefined;
  const at = { front: '', back: '' };

  beforeAll(async () => {
    if (!ready) return;
    hosts = await pair(3, { skewMs });
    at.front = await published(hosts.serve('alpha', 'front', { calls: 'back', publish: true }));
    at.back = await published(hosts.serve('beta', 'back', { publish: true }));
    await eventually(async () => ((await get(`${at.front}/via/back/hello`)).status === 200 ? true : undefined));
    await eventually(async () => ((await get(`${at.back}/hello`)).status === 200 ? true : undefined));
  });
  afterAll(async () => hosts?.end());

  it('is one incident of both, each step once and in order, though one clock is minutes behind', async () => {
    for (let n = 0; n < 10; n += 1) await ordinary();
    await eventually(async () => ((await crossings(0)) ? true : undefined));
    for (const service of services)
      await done('contract', 'approve', service, '--mode', 'runtime=audit,network=audit,api=audit');
    // Until every sidecar says that it judged by what was approved.
    await eventually(async () => {
      await ordinary();
      return (await crossings(1)) ? true : undefined;
    });
    expect(await incidents()).toEqual([]);

    const answer = await get(`${at.front}/shell/via/back/shell`);
    expect(answer.text.match(/uid=/g), answer.text).toHaveLength(2);
    await eventually(async () => {
      const all = await Promise.all((await incidents('open')).map(shown));
      const signals = all.flatMap((one) => one.incident.signals);
      return ['alpha', 'beta'].every((host) => isWhole(signals, host)) ? true : undefined;
    });
    const open = await Promise.all((await incidents('open')).map(shown));
    expect(open.map((one) => one.incident.title)).toHaveLength(1);
    const [{ incident, story }] = open as [Shown]; // one, as was just expected
    const { signals } = incident;
    expect(incident.services.toSorted()).toEqual(['back', 'front']);
    for (const { host, service } of signals) expect(service).toBe(host === 'alpha' ? 'front' : 'back');

    expect(new Set(signals.map(({ id }) => id)).size).toBe(signals.length);
    const told = story.flatMap((step) => step.signals);
    expect(told.toSorted()).toEqual(signals.map(({ id }) => id).toSorted());

    expect(story.map((step) => step.at)).toEqual(story.map((step) => step.at).toSorted((a, b) => a - b));
    const began = (host: string) => Math.min(...signals.filter((one) => one.host === host).map((one) => one.at));
    expect(began('beta')).toBeGreaterThan(began('alpha') - toleratedMs);
    expect(incident.lastAt - incident.firstAt).toBeLessThan(-skewMs / 4);
  });

  it('is contained on both hosts by one command, and let go on both', async () => {
    const [id = ''] = await incidents('open');
    const plan = await json<{ actions: Action[] }>('respond', 'plan', id);
    expect(hostsOf(plan.actions, 'pause')).toEqual(['alpha', 'beta']);
    const { actions } = await json<{ actions: Action[] }>('respond', 'apply', id, '--only', 'pause');
    expect(actions.map(({ kind, status }) => [kind, status])).toEqual([
      ['pause', 'done'],
      ['pause', 'done'],
    ]);
    expect(hostsOf(actions, 'pause')).toEqual(['alpha', 'beta']);
    const still = await Promise.all(services.map((service) => get(`${at[service]}/hello`)));
    for (const { status } of still) expect(status).not.toBe(200);

    for (const action of actions) await done('respond', 'undo', action.id);
    for (const path of [`${at.back}/hello`, `${at.front}/via/back/hello`])
      await eventually(async () => ((await get(path)).status === 200 ? true : undefined));
  });

  function running(): Pair {
    if (hosts === undefined) throw new Error('not started');
    return hosts;
  }

  const json = <T>(...args: string[]): Promise<T> => running().first.json<T>(...args);
  const shown = (id: string) => json<Shown>('incidents', 'show', id);

  async function done(...args: string[]): Promise<void> {
    const result = await running().first.cli(...args);
    expect(result.status, result.stdout + result.stderr).toBe(0);
  }

  async function incidents(state?: Incident['state']): Promise<string[]> {
    const answer = await json<{ incidents: Pick<Incident, 'id' | 'state'>[] }>('incidents', 'list');
    return answer.incidents.filter((one) => state === undefined || one.state === state).map(({ id }) => id);
  }

  async function ordinary(): Promise<void> {
    expect((await get(`${at.front}/via/back/hello`)).status).toBe(200);
    expect((await get(`${at.back}/hello`)).status).toBe(200);
  }

  /** Whether each side of each call was reported, judged by at least this version of its contract. */
  async function crossings(version: number): Promise<boolean> {
    const sides = await Promise.all(
      services.map(async (service) => {
        const args = ['--service', service, '--layer', 'api', '--limit', '100', '-o', 'json'];
        const { stdout } = await running().first.cli('observations', ...args);
        return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Observation]));
      }),
    );
    const seen = sides.flat().flatMap(({ service, event }) => {
      if (event.kind !== 'request' || (event.verdict.version ?? -1) < version) return [];
      return [event.direction === 'in' ? `${event.peer} > ${service}` : `${service} > ${event.peer} asked`];
    });
    return ['gateway > front', 'gateway > back', 'front > back asked', 'front > back'].every((one) =>
      seen.includes(one),
    );
  }

  /** Whether all that one host saw of the attack is in: the shell, the credential and the call that crossed. */
  function isWhole(signals: readonly Signal[], host: string): boolean {
    const own = signals.filter((one) => one.host === host);
    const crossed = own.some((one) => one.layer === 'api' && one.tactic === 'TA0008');
    return crossed && ['RT-001', 'RT-005'].every((rule) => own.some((one) => one.rule === rule));
  }

  function hostsOf(actions: readonly Action[], kind: Action['kind']): (string | null)[] {
    return actions
      .filter((action) => action.kind === kind)
      .map(({ host }) => host)
      .toSorted();
  }
});
