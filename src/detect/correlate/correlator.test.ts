import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manualClock } from '../../base/index.js';
import { type CompiledContract, compileContract, emptyContract, initialVersion } from '../../contract/index.js';
import { Incident, type Observation } from '../../model/index.js';
import { detector } from '../detector.js';
import { attack, benign, connect, exec, flow, id, open, request, rows, t0 } from '../../../test/fakes/detect-attack.js';
import { type Correlator, correlator } from './correlator.js';

const contract: CompiledContract = compileContract({
  ...initialVersion('catalog', 'ana', 0),
  contract: {
    ...emptyContract('catalog', 'audit'),
    runtime: {
      executables: [{ id: 'node', path: '/usr/bin/node' }],
      files: [{ id: 'products', path: '/srv/shop/catalog/products.json', access: 'read' }],
    },
  },
});

function engine(): {
  feed(observations: readonly Observation[]): Incident[];
  all(): Incident[];
  correlate: Correlator;
} {
  let number = 0;
  const judge = detector();
  const correlate = correlator({
    clock: manualClock(t0),
    allocate: () => {
      number += 1;
      return `INC-${number}`;
    },
  });
  const incidents = new Map<string, Incident>();
  return {
    correlate,
    feed(observations) {
      const changed = observations.flatMap((observation) =>
        correlate.add(observation, judge.judge(observation, { contract })),
      );
      for (const incident of changed) incidents.set(incident.id, Incident.parse(incident));
      return changed;
    },
    all: () => [...incidents.values()].filter(({ state }) => state !== 'closed'),
  };
}

function only(incidents: readonly Incident[]): Incident {
  expect(incidents.map(({ id: name, title }) => `${name} ${title}`)).toHaveLength(1);
  const [incident] = incidents;
  if (incident === undefined) throw new Error('no incident');
  return incident;
}

describe("the demo's attack", () => {
  test('is exactly one incident over all three layers, told in order', () => {
    const run = engine();
    run.feed(attack());
    const incident = only(run.all());
    expect(incident.title).toBe(
      'catalog was taken over through POST /products/import and reached 203.0.113.66:4444 and tried to reach payments',
    );
    expect(incident.layers).toEqual(['runtime', 'network', 'api']);
    expect(incident.tactics).toEqual(['TA0001', 'TA0002', 'TA0006', 'TA0008', 'TA0011']);
    expect(incident.services).toEqual(['catalog', 'payments']);
    expect(incident.severity).toBe('critical');
    expect(incident.signals.map(({ rule, title }) => `${rule}: ${title}`)).toEqual([
      'initial-access: the public called POST /products/import of storefront',
      'initial-access: storefront called POST /import of catalog',
      'RT-001: catalog started a shell',
      'RT-005: catalog read a credential',
      'contract: catalog connected to an address its contract does not list',
      'contract: catalog connected to 203.0.113.66:4444, which its contract does not list',
      'contract: catalog was refused POST /refunds of payments',
    ]);
    expect(new Set(incident.links.map(({ by }) => by))).toEqual(
      new Set(['process lineage', 'socket', 'socket and process', 'time']),
    );
  });

  test('opens with the third tactic, long before the request that began it is over', () => {
    const run = engine();
    const opened = attack().findIndex((observation) => run.feed([observation]).length > 0);
    expect(attack()[opened]?.event.kind).toBe('connect');
  });

  test('is the same incident in any order of arrival, with any rows twice', () => {
    const all = attack();
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all), (order, again) => {
        const run = engine();
        run.feed([...order, ...again]);
        const incident = only(run.all());
        expect(incident.signals.map(({ id: name }) => name).filter((name) => !name.startsWith('initial'))).toHaveLength(
          5,
        );
        expect(new Set(incident.signals.map(({ id: name }) => name)).size).toBe(incident.signals.length);
        expect(incident.tactics).toEqual(['TA0001', 'TA0002', 'TA0006', 'TA0008', 'TA0011']);
        expect(incident.title).toContain('through POST /products/import');
      }),
      { numRuns: 200 },
    );
  });

  test('is still one incident where nothing watches the runtime layer', () => {
    const run = engine();
    run.feed(attack().filter(({ layer }) => layer !== 'runtime'));
    const incident = only(run.all());
    expect(incident.layers).toEqual(['network', 'api']);
    expect(incident.title).toBe(
      'catalog left its contract through POST /products/import and reached 203.0.113.66:4444 and tried to reach payments',
    );
  });

  test("is one incident when the callee's sidecar refuses, whichever record comes first", () => {
    const row = rows('callee', 0);
    const verdict = {
      effect: 'deny',
      contract: 'payments',
      version: 1,
      clause: null,
      reason: 'caller-not-listed',
    } as const;
    const allowed = { ...verdict, effect: 'allow', reason: 'allowed' } as const;
    const trace = '3'.repeat(32);
    const refused = row(
      62,
      'payments-h-1',
      request('in', 'POST', '/refunds', 'catalog', 403, 1, verdict),
      { trace, caller: id('catalog') },
      'api',
    );
    const sent = row(
      61,
      'catalog-h-1',
      request('out', 'POST', '/refunds', 'payments', 403, 2, allowed),
      { trace, caller: id('payments') },
      'api',
    );
    const before = attack().filter(({ event }) => event.kind !== 'request');
    for (const order of [
      [...before, sent, refused],
      [...before, refused, sent],
      [refused, ...before, sent],
      [refused, sent, ...before],
    ]) {
      const run = engine();
      run.feed(order);
      const incident = only(run.all());
      expect(incident.services).toEqual(expect.arrayContaining(['catalog', 'payments']));
      expect(incident.signals.filter(({ service }) => service === 'payments')).toHaveLength(1);
      expect(incident.title).toContain('catalog was taken over');
      expect(incident.title).toContain('tried to reach payments');
    }
  });

  test('repeated against a fresh workload is another incident', () => {
    const run = engine();
    run.feed(attack());
    const first = only(run.all());
    run.correlate.setState(first.id, 'contained', t0 + 1_000);
    const second = attack({ run: '2', offset: 60_000 });
    const verdict = {
      effect: 'deny',
      contract: 'payments',
      version: 1,
      clause: null,
      reason: 'caller-not-listed',
    } as const;
    const row = rows('late', 60_000);
    run.feed([
      ...second.slice(0, 6),
      row(
        61,
        'payments-h-1',
        request('in', 'POST', '/refunds', 'catalog', 403, 1, verdict),
        { trace: 'e'.repeat(32), caller: id('catalog') },
        'api',
      ),
      ...second.slice(6),
    ]);
    expect(run.all().map(({ id: name }) => name)).toEqual(['INC-1', 'INC-2']);
    expect(run.all().map(({ signals }) => new Set(signals.map(({ workload }) => workload)).has('catalog-h-2'))).toEqual(
      [false, true],
    );
  });
});

describe('a benign day', () => {
  test('opens nothing, scanners and a late-loaded file included', () => {
    const run = engine();
    const day: Observation[] = [];
    for (let number = 0; number < 2_000; number += 1) day.push(...benign(number, t0 + number * 40_000));
    const row = rows('noise', 0);
    const verdict = { effect: 'deny', contract: 'storefront', version: 1, clause: null, reason: 'path' } as const;
    for (let number = 0; number < 200; number += 1) {
      const at = number * 400_000 + 3;
      day.push(
        row(
          at,
          'storefront-h-1',
          request('in', 'GET', `/wp-admin/${number}`, 'gateway', 403, 1, verdict),
          { caller: id('gateway') },
          'api',
        ),
      );
      if (number % 50 === 0)
        day.push(row(at + 1, 'catalog-h-1', open(`/srv/shop/catalog/lib/late${number}.mjs`), { pid: 100 }));
    }
    day.sort((left, right) => left.at - right.at);
    run.feed(day);
    expect(run.all()).toEqual([]);
  });

  test("a containment's refusals are nobody's attack", () => {
    const run = engine();
    run.feed(attack());
    const before = only(run.all()).signals.length;
    const row = rows('after', 2_000);
    const isolated = { effect: 'deny', contract: null, version: null, clause: null, reason: 'isolated' } as const;
    run.feed([
      row(
        1,
        'storefront-h-1',
        {
          kind: 'request',
          direction: 'out',
          method: 'GET',
          path: '/products',
          peer: 'catalog',
          status: 503,
          verdict: isolated,
        },
        {},
        'api',
      ),
    ]);
    expect(only(run.all()).signals).toHaveLength(before);
  });
});

describe('joining', () => {
  test('two workloads with nothing in common stay apart', () => {
    const run = engine();
    const row = rows('apart', 0);
    for (const workload of ['catalog-h-1', 'orders-h-1']) {
      run.feed([
        row(1, workload, exec('/bin/sh'), { pid: 7 }),
        row(2, workload, connect('203.0.113.66', 4444), { pid: 7 }),
        row(
          3,
          workload,
          flow('203.0.113.66', 4444, { effect: 'would-deny', reason: 'peer-not-listed' }),
          {},
          'network',
        ),
      ]);
    }
    expect(run.all().map(({ services }) => services)).toEqual([['catalog'], ['orders']]);
  });

  test('the public gateway joins nobody', () => {
    const run = engine();
    const row = rows('hub', 0);
    const passed = { effect: 'would-deny', contract: 'x', version: 1, clause: null, reason: 'path' } as const;
    for (const workload of ['catalog-h-1', 'orders-h-1']) {
      run.feed([
        row(1, workload, request('in', 'GET', '/x', 'gateway', 200, 1, passed), { caller: id('gateway') }, 'api'),
        row(2, workload, exec('/bin/sh'), { pid: 7 }),
        row(
          3,
          workload,
          flow('203.0.113.66', 4444, { effect: 'would-deny', reason: 'peer-not-listed' }),
          {},
          'network',
        ),
      ]);
    }
    expect(run.all()).toHaveLength(2);
  });

  test('two incidents that turn out to be one are merged into the older', () => {
    const run = engine();
    const row = rows('merge', 0);
    const bad = { effect: 'would-deny', reason: 'peer-not-listed' } as const;
    const trace = '9'.repeat(32);
    const passed = {
      effect: 'would-deny',
      contract: 'orders',
      version: 1,
      clause: null,
      reason: 'caller-not-listed',
    } as const;
    run.feed([
      row(1, 'catalog-h-1', exec('/bin/sh'), { pid: 7 }),
      row(2, 'catalog-h-1', flow('203.0.113.66', 4444, bad), {}, 'network'),
      row(11, 'orders-h-1', exec('/bin/sh'), { pid: 7 }),
      row(12, 'orders-h-1', flow('203.0.113.66', 4444, bad), {}, 'network'),
    ]);
    expect(run.all()).toHaveLength(2);
    const changed = run.feed([
      row(
        10,
        'orders-h-1',
        request('in', 'POST', '/x', 'catalog', 200, 5, passed),
        { trace, caller: id('catalog') },
        'api',
      ),
    ]);
    expect(changed.map(({ id: name, state, title }) => `${name} ${state} ${title.slice(0, 17)}`)).toContain(
      'INC-2 closed merged into INC-1',
    );
    expect(only(run.all()).services).toEqual(['catalog', 'orders']);
  });

  test('nothing joins what is closed, and one workload far apart in time is two stories', () => {
    const run = engine();
    const all = attack();
    run.feed(all);
    run.correlate.setState('INC-1', 'closed', null);
    const row = rows('again', 5_000);
    const bad = { effect: 'would-deny', reason: 'peer-not-listed' } as const;
    run.feed([
      row(1, 'catalog-h-1', exec('/bin/sh'), { pid: 7 }),
      row(2, 'catalog-h-1', flow('203.0.113.66', 1, bad), {}, 'network'),
    ]);
    expect(run.all().map(({ id: name }) => name)).toEqual(['INC-1', 'INC-2']);
    const late = rows('later', 3_600_000);
    run.feed([
      late(1, 'catalog-h-1', exec('/bin/sh'), { pid: 7 }),
      late(2, 'catalog-h-1', flow('203.0.113.66', 1, bad), {}, 'network'),
    ]);
    expect(run.all().map(({ id: name }) => name)).toEqual(['INC-1', 'INC-2', 'INC-3']);
  });

  test('a request that was over, or another connection, is not blamed', () => {
    const run = engine();
    const row = rows('blame', 0);
    const allow = { effect: 'allow', contract: 'x', version: 1, clause: 'c', reason: 'allowed' } as const;
    const at = (port: number) => ({
      local: { address: '127.0.0.1', port: 7002 },
      peer: { address: '127.0.0.1', port },
    });
    run.feed([
      row(0, 'catalog-h-1', { kind: 'accept', address: '127.0.0.1', port: 1 }, { pid: 50, socket: at(1) }),
      row(0, 'catalog-h-1', { kind: 'accept', address: '127.0.0.1', port: 2 }, { pid: 100, socket: at(2) }),
      row(10, 'catalog-h-1', exec('/bin/sh'), { pid: 200, ppid: 100 }),
      row(
        12,
        'catalog-h-1',
        flow('203.0.113.66', 1, { effect: 'would-deny', reason: 'peer-not-listed' }),
        {},
        'network',
      ),
      row(
        1,
        'catalog-h-1',
        request('in', 'GET', '/other-process', 'storefront', 200, 9.5, allow),
        { socket: at(1) },
        'api',
      ),
      row(1, 'catalog-h-1', request('in', 'GET', '/over', 'storefront', 200, 8.9, allow), { socket: at(2) }, 'api'),
      row(9.95, 'catalog-h-1', request('in', 'GET', '/cause', 'storefront', 200, 1, allow), { socket: at(2) }, 'api'),
    ]);
    const causes = only(run.all()).signals.filter(({ rule }) => rule === 'initial-access');
    expect(causes.map(({ title }) => title)).toEqual(['storefront called GET /cause of catalog']);
  });

  test('a reused process number inherits nothing', () => {
    const run = engine();
    const row = rows('reuse', 0);
    run.feed([
      row(1, 'catalog-h-1', exec('/bin/sh'), { pid: 300, start: 1 }),
      row(
        2,
        'catalog-h-1',
        flow('203.0.113.66', 1, { effect: 'would-deny', reason: 'peer-not-listed' }),
        {},
        'network',
      ),
      row(3, 'catalog-h-1', exec('/usr/bin/node'), { pid: 400, start: 2, ppid: 300 }),
      row(4, 'catalog-h-1', exec('/usr/bin/node'), { pid: 400, start: 9, ppid: 1 }),
      row(5, 'catalog-h-1', open('/etc/shadow'), { pid: 400, start: 9 }),
    ]);
    const incident = only(run.all());
    const last = incident.signals.at(-1)?.id;
    expect(incident.links.filter(({ to }) => to === last).map(({ by }) => by)).toEqual(['workload']);
  });

  test('the first match of a hostile flood opens, and the story stays bounded', () => {
    const run = engine();
    const row = rows('flood', 0);
    run.feed([row(0, 'catalog-h-1', exec('/bin/sh'), { pid: 7 })]);
    for (let number = 0; number < 2_000; number += 1) {
      run.feed([
        row(
          1 + number,
          'catalog-h-1',
          flow(`203.0.113.${number % 250}`, 1 + number, { effect: 'would-deny', reason: 'peer-not-listed' }),
          {},
          'network',
        ),
      ]);
    }
    const incident = only(run.all());
    expect(incident.signals).toHaveLength(500);
    expect(incident.lastAt).toBeGreaterThan(t0 + 1_800);
    expect(incident.title.length).toBeLessThan(500);
  });
});

describe('after a start', () => {
  test('a restored incident takes the rest of its story', () => {
    const all = attack();
    const first = engine();
    first.feed(all.slice(0, 6));
    const known = only(first.all());
    let number = 1;
    const second = correlator({
      clock: manualClock(t0),
      allocate: () => {
        number += 1;
        return `INC-${number}`;
      },
    });
    second.restore(known);
    const judge = detector();
    const changed = all
      .slice(6)
      .flatMap((observation) => second.add(observation, judge.judge(observation, { contract })));
    expect(new Set(changed.map(({ id: name }) => name))).toEqual(new Set(['INC-1']));
    expect(changed.at(-1)?.signals.length).toBeGreaterThan(known.signals.length);
    // Rows that come again after the restart change nothing.
    expect(
      all.slice(0, 6).flatMap((observation) => second.add(observation, judge.judge(observation, { contract }))),
    ).toEqual([]);
  });

  test('replaying the observations rebuilds the same incidents', () => {
    const one = engine();
    one.feed(attack());
    const two = engine();
    two.feed(attack());
    expect(two.all()).toEqual(one.all());
  });
});
