import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CodeTree, codeTree } from '../identity/index.js';
import { attestLaunch } from './attestation.js';
import type { Hands } from './confine/index.js';
import type { WorkloadRecord } from './workload-record.js';

let code: string;
beforeEach(() => {
  code = realpathSync(mkdtempSync(join(tmpdir(), 'tc-launch-')));
  writeFileSync(join(code, 'server.js'), 'up');
});
afterEach(() => rmSync(code, { recursive: true, force: true }));

type Seen = Pick<Awaited<ReturnType<Hands['describe']>>, 'executable' | 'commandLine' | 'cwd' | 'uid'>;

/** One look after the other; the last is what every later look sees. */
function attest(...looks: Partial<Seen>[]) {
  return attestBy(async () => codeTree(code), ...looks);
}

function attestBy(read: () => Promise<CodeTree>, ...looks: Partial<Seen>[]) {
  const plain: Seen = { executable: '/usr/bin/node', commandLine: ['node', 'server.js'], cwd: code, uid: 1000 };
  let look = 0;
  const describe = async () => ({ ...plain, ...looks[Math.min(look++, looks.length - 1)] });
  const hands = { containers: null, describe, codeTree: read };
  const record = { request: { codeDirectory: code, operator: 'ann' }, prepared: { rung: 'loopback' } };
  return attestLaunch(record as WorkloadRecord, 42, 7, hands as unknown as Hands); // the parts it looks at
}

test('a launched script is attested by its entry, its code, its operator and its start', async () => {
  expect(await attest({})).toEqual({
    kind: 'process',
    pid: 42,
    start: 7,
    executable: '/usr/bin/node',
    entry: join(code, 'server.js'),
    codeDigest: codeTree(code).digest,
    codeDirectory: code,
    operator: 'ann',
    uid: 1000,
  });
});

test('a process that cannot be read, or becomes another program meanwhile, gets no identity', async () => {
  await expect(attest({ executable: null })).rejects.toThrow('cannot be read');
  await expect(attest({}, { executable: '/bin/sh' })).rejects.toThrow('became another program');
});

test('an interpreter alone gets no identity', async () => {
  await expect(attest({ commandLine: ['node', '-e', '1'] })).rejects.toMatchObject({ code: 'attestation-failed' });
});

test('code that the digest would not cover gets no identity', async () => {
  symlinkSync('/etc', join(code, 'modules'));
  await expect(attest({})).rejects.toMatchObject({ code: 'code-unsafe' });
});

test('code that is still being written is read again, and that it never stands still is an error', async () => {
  const moving = { ...codeTree(code), flaw: { code: 'code-changed', message: 'moving' } } as const;
  let reads = 0;
  const later = async () => (++reads < 3 ? moving : codeTree(code));
  expect(await attestBy(later, {})).toMatchObject({ codeDigest: codeTree(code).digest });
  await expect(attestBy(async () => moving, {})).rejects.toMatchObject({ code: 'code-changed' });
});
