import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import type {
  Action,
  Contract,
  EvidenceManifest,
  HostCoverage,
  Incident,
  Signal,
  Workload,
} from '../../../src/model/index.js';
import { type Connection, type ContractDraft, openStore } from '../../../src/store/index.js';
import { stopTestStores, testStore } from '../../fakes/test-store.js';

afterAll(stopTestStores);

/** Each story has a database of its own. */
function story(title: string, body: (made: Awaited<ReturnType<typeof testStore>>) => Promise<void>): void {
  test(title, async () => {
    const made = await testStore();
    try {
      await body(made);
    } finally {
      await made.dispose();
    }
  });
}

story(
  'contract versions are numbered from 0, approving one supersedes the other, and all of it is audited',
  async ({ store }) => {
    const first = await store.contracts.propose(draft('payments', 'a'));
    expect(first).toMatchObject({ version: 0, state: 'proposed', decidedAt: null });
    expect(await store.contracts.propose(draft('payments', 'a'))).toEqual(first); // the same proposal, no second version
    await store.contracts.approve('payments', 0, { by: 'demo' });
    const second = await store.contracts.propose(draft('payments', 'b'));
    expect(second.version).toBe(1);
    expect((await store.contracts.active('payments'))?.version).toBe(0);
    const approved = await store.contracts.approve('payments', 1, {
      by: 'demo',
      digest: second.digest,
      reason: 'looks right',
      clean: { code: 'sha256:1' },
    });
    expect(approved).toMatchObject({
      state: 'approved',
      decidedBy: 'demo',
      reason: 'looks right',
      clean: { code: 'sha256:1' },
    });
    expect((await store.contracts.get('payments', 0))?.state).toBe('superseded');
    expect((await store.contracts.allActive()).map((row) => `${row.service} ${row.version}`)).toEqual(['payments 1']);
    expect((await store.audit.list()).map((entry) => entry.action)).toEqual([
      'contract.approve',
      'contract.propose',
      'contract.approve',
      'contract.propose',
    ]);
    expect(await store.contracts.active('unknown')).toBeUndefined();
  },
);

story(
  'a decision on what was not looked at, on a decided or an unknown version is refused and leaves no trace',
  async ({ store }) => {
    await store.contracts.propose(draft('payments', 'a'));
    await expect(store.contracts.approve('payments', 0, { by: 'demo', digest: 'other' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(store.contracts.approve('payments', 7, { by: 'demo' })).rejects.toMatchObject({ code: 'not-found' });
    await store.contracts.reject('payments', 0, { by: 'demo', reason: 'too wide' });
    await expect(store.contracts.approve('payments', 0, { by: 'demo' })).rejects.toMatchObject({ code: 'conflict' });
    expect((await store.audit.list()).map((entry) => entry.action)).toEqual(['contract.reject', 'contract.propose']);
  },
);

story('many proposals and approvals at once leave one active version and no hole in the numbers', async ({ store }) => {
  const versions = await Promise.all(
    Array.from({ length: 12 }, (_, n) => store.contracts.propose(draft('payments', `d${n}`))),
  );
  expect(versions.map((row) => row.version).sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n));
  await Promise.all(versions.map((row) => store.contracts.approve('payments', row.version, { by: 'demo' })));
  expect((await store.contracts.list({ state: 'approved' })).length).toBe(1);
});

story('a workload is saved again without harm, and an ended one stays ended', async ({ store }) => {
  const workload = exampleWorkload('payments-host-a-00000001');
  await store.workloads.save(workload);
  await store.workloads.save({ ...workload, state: 'paused' });
  expect((await store.workloads.get(workload.id))?.state).toBe('paused');
  expect(await store.workloads.end(workload.id, 9)).toBe(true);
  expect(await store.workloads.end(workload.id, 10)).toBe(false);
  await store.workloads.save(workload);
  expect(await store.workloads.get(workload.id)).toMatchObject({ state: 'stopped', endedAt: 9 });
  expect(await store.workloads.list({ running: true })).toEqual([]);
  expect(await store.workloads.list({ service: 'payments', host: 'host-a', running: false })).toHaveLength(1);
});

story('a service keeps its labels and its isolation', async ({ store }) => {
  const labels = { team: 'shop' };
  expect(await store.services.declare('orders', labels)).toMatchObject({ isNew: true, labels });
  expect(await store.services.declare('orders', { team: 'bank' })).toMatchObject({ isNew: false, labels });
  await store.services.setIsolated('orders', true, 'demo');
  expect(await store.services.declare('orders')).toMatchObject({ isolated: true, labels });
  await store.services.setLabels('orders', { team: 'bank' }, 'demo');
  expect(await store.services.get('orders')).toMatchObject({ isolated: true, labels: { team: 'bank' } });
  expect((await store.audit.list())[0]).toMatchObject({
    action: 'service.labels',
    detail: { before: labels, labels: { team: 'bank' } },
  });
  const entries = (await store.audit.list()).length;
  await store.services.setLabels('orders', { team: 'bank' }, 'demo');
  expect(await store.audit.list()).toHaveLength(entries);
  await expect(store.services.setLabels('nobody', {}, 'demo')).rejects.toMatchObject({ code: 'not-found' });
  await expect(store.services.setIsolated('nobody', true, 'demo')).rejects.toMatchObject({ code: 'not-found' });
  expect(await store.audit.list()).toContainEqual(
    expect.objectContaining({ action: 'service.isolate', subject: 'orders', actor: 'demo' }),
  );
});

story('an enrolment token lets one host in, once, in time', async ({ store, clock }) => {
  const token = await store.hosts.createEnrolToken('demo', 1_000);
  const both = await Promise.all(['host-a', 'host-b'].map((host) => store.hosts.redeemEnrolToken(token, host)));
  expect(both.sort()).toEqual([false, true]);
  const late = await store.hosts.createEnrolToken('demo', 1_000);
  clock.advance(1_000);
  expect(await store.hosts.redeemEnrolToken(late, 'host-c')).toBe(false);
  expect(await store.hosts.redeemEnrolToken('guess', 'host-c')).toBe(false);
  await store.hosts.enrol('host-a', 'serial-1');
  await store.hosts.enrol('host-a', 'serial-2');
  const coverage: HostCoverage = {
    host: 'host-a',
    at: 1,
    lost: 0,
    coverage: { runtime: none, network: none, api: none },
  };
  await store.hosts.report('host-a', { coverage });
  await store.hosts.report('host-a', {
    endpoints: [{ service: 'payments', endpoints: [{ address: '127.0.0.1', port: 9 }] }],
  });
  expect(await store.hosts.get('host-a')).toMatchObject({
    certificateSerial: 'serial-2',
    coverage,
    sockets: [],
    endpoints: [{ service: 'payments' }],
  });
  await expect(store.hosts.report('host-x', {})).rejects.toMatchObject({ code: 'not-found' });
});

story('signals are idempotent and carry hostile text unharmed', async ({ store }) => {
  const signal = exampleSignal('RT-001:a\u0000', { detail: '\u0000\ud800', title: "'; drop table signals; --" });
  expect(await store.signals.insert([signal, exampleSignal('RT-002:b')])).toHaveLength(2);
  expect(await store.signals.insert([signal])).toEqual([]);
  expect(await store.signals.get(signal.id)).toEqual(signal);
  expect(await store.signals.list({ service: 'payments', since: 100, until: 101 })).toHaveLength(2);
  expect(await store.signals.list({ since: 101 })).toEqual([]);
});

story('an incident changed by several at once loses no change', async ({ store }) => {
  const id = await store.incidents.nextId();
  expect(id).toBe('INC-1');
  expect(await store.incidents.nextId()).toBe('INC-2');
  await store.incidents.save(exampleIncident(id));
  await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      store.incidents.update(id, (incident) => ({
        ...incident,
        score: incident.score + 1,
        signals: [...incident.signals, exampleSignal(`s${n}`)],
      })),
    ),
  );
  expect(await store.incidents.get(id)).toMatchObject({ score: 10, signals: { length: 10 } });
  await store.incidents.update(id, (incident) => ({ ...incident, state: 'contained' }));
  expect(await store.incidents.list({ state: ['open'] })).toEqual([]);
  expect(await store.incidents.list({ state: 'contained', service: 'payments' })).toHaveLength(1);
  await expect(store.incidents.update('INC-99', (incident) => incident)).rejects.toMatchObject({ code: 'not-found' });
});

story('each containment step is audited when planned and whenever its status changes', async ({ store }) => {
  const action = exampleAction('act-1');
  await store.actions.insert(action);
  await store.actions.insert(action);
  await store.actions.update('act-1', 'agent/host-a', (row) => ({ ...row, status: 'running' }));
  await store.actions.update('act-1', 'agent/host-a', (row) => ({ ...row, detail: 'half way' }));
  await store.actions.update('act-1', 'agent/host-a', (row) => ({ ...row, status: 'done', finishedAt: 5 }));
  expect((await store.audit.list()).map((entry) => `${entry.actor} ${entry.action}`)).toEqual([
    'agent/host-a action.done',
    'agent/host-a action.running',
    'demo action.approved',
  ]);
  expect(
    await store.actions.list({ incident: 'INC-1', host: 'host-a', service: 'payments', status: ['done'] }),
  ).toHaveLength(1);
  await expect(store.actions.update('no', 'x', (row) => row)).rejects.toMatchObject({ code: 'not-found' });
});

story('evidence is kept once and audited', async ({ store }) => {
  const manifest: EvidenceManifest = {
    schemaVersion: 1,
    kind: 'evidence-bundle',
    id: 'ev-1',
    incident: 'INC-1',
    service: 'payments',
    workload: 'w',
    host: 'host-a',
    collectedAt: 3,
    collectedBy: 'demo',
    missing: [],
    files: [],
  };
  await store.evidence.insert({ manifest, signature: 'c2ln', path: '/e/1' });
  await store.evidence.insert({ manifest, signature: 'b3RoZXI=', path: '/e/2' });
  expect(await store.evidence.get('ev-1')).toEqual({ manifest, signature: 'c2ln', path: '/e/1', pin: null });
  expect(await store.evidence.list({ incident: 'INC-1', service: 'payments' })).toHaveLength(1);
  expect(await store.audit.list()).toHaveLength(1);
});

story('a login link opens one session, in time, and no secret stands in the database', async (made) => {
  const { store, clock } = made;
  await store.accounts.ensure('admin', 'administrator', 'system');
  await store.accounts.ensure('admin', 'nobody', 'system');
  const link = await store.accounts.createLoginLink('admin', 1_000, 'system');
  const used = await Promise.all([
    store.accounts.redeemLoginLink(link, 5_000),
    store.accounts.redeemLoginLink(link, 5_000),
  ]);
  const opened = used.find((one) => one !== undefined);
  expect(used.filter((one) => one === undefined)).toHaveLength(1);
  if (opened === undefined) throw new Error('no session');
  expect(await store.accounts.session(opened.cookie)).toMatchObject({ account: 'admin', role: 'administrator' });
  expect(await dump(made)).not.toContain(opened.cookie);
  expect(await dump(made)).not.toContain(link);
  clock.advance(5_000);
  expect(await store.accounts.session(opened.cookie)).toBeUndefined();
  const late = await store.accounts.createLoginLink('admin', 10, 'system');
  clock.advance(10);
  expect(await store.accounts.redeemLoginLink(late, 10)).toBeUndefined();
  await expect(store.accounts.createLoginLink('stranger', 10, 'system')).rejects.toMatchObject({ code: 'not-found' });
  clock.advance(2 * 86_400_000);
  await store.accounts.sweep();
  expect((await store.audit.verify()).ok).toBe(true);
});

story('nothing that opens a door lives longer because the clock is set back', async ({ store, clock, connection }) => {
  const hour = 3_600_000;
  await store.accounts.ensure('admin', 'administrator', 'system');
  const open = async () => {
    const link = await store.accounts.createLoginLink('admin', hour, 'system');
    const opened = await store.accounts.redeemLoginLink(link, 3 * hour);
    if (opened === undefined) throw new Error('no session');
    return opened.cookie;
  };
  const cookie = await open();
  const link = await store.accounts.createLoginLink('admin', 3 * hour, 'system');
  const enrol = await store.hosts.createEnrolToken('system', 3 * hour);
  const token = await store.accounts.createToken(
    { name: 'cli', account: 'admin', scopes: ['read'], ttlMs: 3 * hour },
    'system',
  );
  clock.advance(2 * hour);
  clock.jump(-hour);
  expect(await store.accounts.session(cookie)).toMatchObject({ account: 'admin' });
  const later = await open();
  clock.advance(hour);
  expect(await store.accounts.session(cookie)).toBeUndefined();
  expect(await store.accounts.redeemLoginLink(link, hour)).toBeUndefined();
  expect(await store.accounts.token(token)).toBeUndefined();
  expect(await store.hosts.redeemEnrolToken(enrol, 'h')).toBe(false);
  clock.jump(-hour);
  expect(await store.accounts.session(cookie)).toBeUndefined();
  // A session made since the clock was set lives as long as any, and no longer.
  expect(await store.accounts.session(later)).toMatchObject({ account: 'admin' });
  // After a start nothing is known of the jump but that a session comes from the future.
  clock.jump(-2 * hour);
  const restarted = await openStore(connection, { clock });
  expect(await restarted.accounts.session(later)).toBeUndefined();
  await restarted.close();
  // Set forward, it ends early rather than late.
  clock.jump(7 * hour);
  expect(await store.accounts.session(later)).toBeUndefined();
});

story('a token has its scopes until it is revoked, replaced or too old', async ({ store, clock }) => {
  await store.accounts.ensure('cli', 'administrator', 'system');
  const make = (ttlMs: number | null) =>
    store.accounts.createToken({ name: 'local', account: 'cli', scopes: ['read'], ttlMs }, 'system');
  const first = await make(null);
  const second = await make(1_000);
  expect(await store.accounts.token(first)).toBeUndefined();
  expect(await store.accounts.token(second)).toMatchObject({ name: 'local', account: 'cli', scopes: ['read'] });
  clock.advance(1_000);
  expect(await store.accounts.token(second)).toBeUndefined();
  const third = await make(null);
  expect(await store.accounts.tokens()).toHaveLength(1);
  expect(await store.accounts.revokeToken('cli', 'local', 'system')).toBe(true);
  expect(await store.accounts.revokeToken('cli', 'local', 'system')).toBe(false);
  expect(await store.accounts.token(third)).toBeUndefined();
});

story(
  'a setting is set once by many, counts without doubles, and goes back with its transaction',
  async ({ store }) => {
    const winners = await Promise.all([1, 2, 3, 4].map((n) => store.settings.putIfAbsent('trust-domain', { n })));
    expect(new Set(winners.map((value) => JSON.stringify(value))).size).toBe(1);
    await store.settings.put('trust-domain', null);
    expect(await store.settings.get('trust-domain')).toBe(null);
    const numbers = await Promise.all(Array.from({ length: 10 }, () => store.settings.next('revision')));
    expect(numbers.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await expect(
      store.transaction(async (tx) => {
        await tx.settings.next('revision');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await store.settings.next('revision')).toBe(11);
    await store.settings.remove('revision');
    expect(await store.settings.get('revision')).toBeUndefined();
  },
);

const none = { level: 'none' as const, by: '', gaps: [{ what: 'nothing watches', fix: null }] };

/** Every row of every table that holds something of accounts, as text. */
async function dump({ connection }: { connection: Connection }): Promise<string> {
  if (connection.kind !== 'socket') throw new Error('a private cluster is expected');
  const client = new pg.Client({ host: connection.directory, user: connection.user, database: connection.database });
  await client.connect();
  const rows = await client.query(
    'select row_to_json(s)::text from sessions s union all select row_to_json(l)::text from login_links l union all select row_to_json(a)::text from audit a',
  );
  await client.end();
  expect(rows.rowCount).toBeGreaterThan(2);
  return JSON.stringify(rows.rows);
}

function draft(service: string, digest: string): ContractDraft {
  const contract: Contract = {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service,
    mode: { runtime: 'learn', network: 'learn', api: 'learn' },
  };
  return { service, contract, digest, origin: 'learned', observed: 3, proposedBy: 'learner', clean: {} };
}

function exampleWorkload(id: string): Workload {
  return {
    id,
    service: 'payments',
    host: 'host-a',
    identity: 'spiffe://tricordon.local/service/payments',
    attributes: {},
    attestation: {
      kind: 'process',
      pid: 1,
      start: 2,
      executable: '/bin/x',
      entry: null,
      codeDigest: 'd',
      codeDirectory: '/srv',
      operator: 'me',
      uid: 3,
    },
    capture: 'netns',
    cgroup: null,
    state: 'running',
    startedAt: 1,
    endedAt: null,
  };
}

function exampleSignal(id: string, over: Partial<Signal> = {}): Signal {
  return {
    id,
    at: 100,
    host: 'host-a',
    layer: 'runtime',
    service: 'payments',
    workload: null,
    identity: null,
    rule: 'RT-001',
    kind: 'rule',
    severity: 'high',
    tactic: 'TA0002',
    technique: null,
    title: 't',
    detail: 'd',
    outcome: 'detected',
    observation: 'o',
    join: {},
    ...over,
  };
}

function exampleIncident(id: string): Incident {
  return {
    id,
    state: 'open',
    severity: 'high',
    score: 0,
    title: 't',
    openedAt: 1,
    firstAt: 1,
    lastAt: 1,
    containedAt: null,
    layers: ['runtime'],
    tactics: ['TA0002'],
    services: ['payments'],
    signals: [],
    links: [],
  };
}

function exampleAction(id: string): Action {
  return {
    id,
    incident: 'INC-1',
    kind: 'pause',
    service: 'payments',
    workload: null,
    host: 'host-a',
    status: 'approved',
    undo: 'resume',
    requestedBy: 'demo',
    requestedAt: 1,
    finishedAt: null,
    detail: '',
  };
}
