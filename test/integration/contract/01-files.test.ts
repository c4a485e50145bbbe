/** Contracts in files are checked, formatted and asked by commands alone: no server, no account, no network. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec } from '../../../src/base/index.js';
import { requires } from '../../requires.js';

const it = await requires();

const payments = `# what payments may do
apiVersion: tricordon/v1
kind: Contract
service: payments
extends: [{ name: node, version: 1, digest: "DIGEST" }]
mode: { runtime: enforce, network: enforce, api: enforce }
network:
  egress: [{ id: bank, to: { host: bank.example }, ports: [tcp/443] }]
api:
  serves:
    - id: charge
      methods: [POST]
      path: /charges
      from: [{ service: orders, match: { environment: prod } }]
      user: { claims: { scope: { contains: "pay:write" } } }
`;
const base = `apiVersion: tricordon/v1
kind: Base
name: node
version: 1
runtime: { executables: [{ id: node, path: /usr/bin/node }] }
`;

describe('contracts in files', () => {
  let folder = '';
  const cli = async (...args: string[]) => {
    const done = await exec(process.execPath, [resolve('bin/tricordon.mjs'), ...args], { timeoutMs: 60_000 });
    expect(done.stderr).not.toMatch(/\n\s+at .+:\d+|node:internal/);
    return done;
  };
  const put = (name: string, content: string) => writeFileSync(join(folder, name), content);
  const decide = async (...args: string[]) => {
    const done = await cli('contract', 'decide', 'payments', '--contracts', folder, '-o', 'json', ...args);
    const { decision, reason, clause } = JSON.parse(done.stdout);
    return [done.status, decision, reason, clause];
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tc-files-'));
    put('base.yaml', base);
    put('payments.yaml', payments);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are checked one by one and as a set; the digest to pin is told', async () => {
    const first = await cli('contract', 'validate', folder, '-o', 'json');
    expect(first.status).toBe(2);
    expect(JSON.parse(first.stdout).files[1].problems[0].message).toMatch(/line 5, column \d+/);
    const { digest } = JSON.parse((await cli('contract', 'validate', join(folder, 'base.yaml'), '-o', 'json')).stdout)
      .files[0];
    put('payments.yaml', payments.replace('DIGEST', digest));
    const good = await cli('contract', 'validate', folder);
    expect([good.status, good.stderr]).toEqual([0, '']);
    put('base.yaml', base.replace('/usr/bin/node', '/usr/local/bin/node'));
    const changed = await cli('contract', 'validate', folder);
    expect([changed.status, changed.stdout]).toEqual([2, expect.stringContaining('pin the digest sha256:')]);
    put('base.yaml', base);
  });

  it('are brought into one style and keep their comments', async () => {
    const file = join(folder, 'payments.yaml');
    expect((await cli('contract', 'fmt', file, '--check')).status).toBe(2);
    expect((await cli('contract', 'fmt', file, '--write')).status).toBe(0);
    expect((await cli('contract', 'fmt', file, '--check')).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^# what payments may do\n/);
    expect((await cli('contract', 'validate', folder)).status).toBe(0);
  });

  it('answer one question, with the exit status of the answer', async () => {
    put('claims.txt', '{"scope": "read pay:write"}');
    put('attributes.txt', '{"environment": "prod"}');
    const known = ['--claims', join(folder, 'claims.txt'), '--attributes', join(folder, 'attributes.txt')];
    expect(await decide('POST', '/charges', '--as', 'orders', ...known)).toEqual([0, 'allow', 'allowed', 'charge']);
    expect(await decide('POST', '/charges', '--as', 'orders')).toEqual([4, 'deny', 'attribute', null]);
    expect(await decide('POST', '/charges')).toEqual([4, 'deny', 'no-identity', null]);
    expect(await decide('--exec', '/usr/bin/node')).toEqual([0, 'allow', 'allowed', 'node/node']);
    expect(await decide('--open', '/etc/passwd:read')).toEqual([0, 'unmanaged', 'layer-unmanaged', null]);
    expect(await decide('--connect', 'evil.example:443')).toEqual([4, 'deny', 'peer-not-listed', null]);
    const wrong = await cli('contract', 'decide', 'nobody', '--contracts', folder, '--exec', '/x');
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('known are payments')]);
    const both = await cli(
      'contract',
      'decide',
      'payments',
      '--contracts',
      folder,
      '--exec',
      '/x',
      '--open',
      '/x:read',
    );
    expect([both.status, both.stderr]).toEqual([1, expect.stringContaining('exactly one of')]);
  });

  it('answer many, a line each in their order, and a broken row as refused', async () => {
    const rows = [
      '{"service":"payments","exec":"/usr/bin/node"}',
      'broken',
      '{"service":"payments","method":"POST","path":"/charges/../charges","as":"orders"}',
      '{"service":"nobody","exec":"/x"}',
      '{"service":"payments","connect":"bank.example:8443"}',
    ];
    put('rows.txt', `${rows.join('\n')}\n`);
    const done = await cli(
      'contract',
      'decide',
      '--contracts',
      folder,
      '--requests',
      join(folder, 'rows.txt'),
      '-o',
      'ndjson',
    );
    expect([done.status, done.stderr]).toEqual([0, '']);
    const answers = done.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ decision, reason }) => `${decision} ${reason}`)).toEqual([
      'allow allowed',
      'deny malformed',
      'deny malformed',
      'deny no-contract',
      'deny port',
    ]);
    expect(Object.keys(answers[4])).toEqual(['decision', 'clause', 'reason', 'contract', 'nearest', 'change']);
    expect(answers[4]).toMatchObject({
      contract: { name: 'payments', version: null, digest: expect.stringMatching(/^sha256:/) },
      nearest: [{ clause: 'bank', predicate: 'port', wanted: 'tcp/443', got: 'tcp/8443' }],
      change: [{ op: 'add', path: '/network/egress/0/ports/-', value: 'tcp/8443' }],
    });
  });

  it('say who can and what can', async () => {
    const who = await cli(
      'contract',
      'can',
      '--contracts',
      folder,
      '--who-can',
      'POST payments:/charges',
      '-o',
      'json',
    );
    expect(JSON.parse(who.stdout).ways).toMatchObject([
      { who: 'service orders with environment prod', clause: 'charge', under: ['with a user: scope with pay:write'] },
    ]);
    const what = await cli('contract', 'can', '--contracts', folder, '--what-can', 'payments');
    expect([what.status, what.stdout]).toEqual([0, expect.stringContaining('connect to host bank.example on tcp/443')]);
    expect((await cli('contract', 'can', '--contracts', folder, '--who-can', 'charges')).status).toBe(1);
  });

  it('are compared with others, and an example that is told is answered so', async () => {
    const other = `${folder}-other`;
    mkdirSync(other);
    const changed = readFileSync(join(folder, 'payments.yaml'), 'utf8').replace('tcp/443', 'tcp/443-450');
    writeFileSync(join(other, 'payments.yaml'), changed);
    const files = [join(folder, 'payments.yaml'), join(other, 'payments.yaml')];
    const done = await cli('contract', 'diff', ...files, '--beside', join(folder, 'base.yaml'), '-o', 'json');
    expect(done.status).toBe(2);
    const { verdict, rights } = JSON.parse(done.stdout);
    expect([verdict, rights.length]).toEqual(['different', 1]);
    expect(rights[0]).toMatchObject({
      change: 'added',
      clause: 'bank',
      example: { row: { connect: 'bank.example:444' } },
    });
    const asked = ['--connect', rights[0].example.row.connect];
    expect((await decide(...asked)).slice(0, 2)).toEqual([4, 'deny']);
    const [first] = files;
    const same = await cli('contract', 'diff', first ?? '', first ?? '', '--beside', join(folder, 'base.yaml'));
    expect([same.status, same.stdout.trim()]).toEqual([0, 'the same is allowed']);
    const lone = await cli('contract', 'diff', ...files);
    expect([lone.status, lone.stderr]).toEqual([1, expect.stringContaining('base `node`')]);
    rmSync(other, { recursive: true });
  });

  it('are tested by tables, and a mistake that no row notices is told', async () => {
    const charge =
      '{ service: payments, as: orders, attributes: { environment: prod }, claims: { scope: "pay:write" }, method: POST, path: /charges }';
    const table = (tests: string) => `apiVersion: tricordon/v1\nkind: ContractTests\ntests:\n${tests}`;
    put(
      'payments.tests.yaml',
      table(`  - { name: charges, ask: ${charge}, expect: { decision: allow, clause: charge } }\n`),
    );
    const done = await cli('contract', 'test', folder, '--mutate', '-o', 'json');
    expect([done.status, done.stderr]).toEqual([0, '']);
    const { tests, coverage, mutants } = JSON.parse(done.stdout);
    expect([tests[0].passed, coverage.percent]).toEqual([true, 33.3]);
    const [left, methods] = mutants.filter(({ clause }: { clause: string }) => clause === 'charge');
    expect(left).toMatchObject({ what: 'left out', outcome: 'noticed', by: 'charges' });
    expect(methods).toMatchObject({ outcome: 'unnoticed', example: { row: { service: 'payments', as: 'orders' } } });
    expect((await cli('contract', 'test', folder, '--require-coverage', '50')).status).toBe(2);
    put('payments.tests.yaml', table(`  - { ask: ${charge}, expect: deny }\n`));
    const failed = await cli('contract', 'test', folder);
    expect([failed.status, failed.stdout]).toEqual([2, expect.stringContaining('expected deny, got allow')]);
    // Whoever asks contracts of the folder is not in the way of its tests.
    expect((await cli('contract', 'validate', folder)).status).toBe(0);
    rmSync(join(folder, 'payments.tests.yaml'));
    const none = await cli('contract', 'test', folder);
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('no tests')]);
  });

  it('that nothing can be made of are refused whole: a decision on half of them would be a guess', async () => {
    put('zz.yaml', 'a: [\n');
    const done = await cli('contract', 'decide', 'payments', '--contracts', folder, '--exec', '/usr/bin/node');
    expect([done.status, done.stdout, done.stderr]).toEqual([1, '', expect.stringContaining('zz.yaml')]);
  });
});
