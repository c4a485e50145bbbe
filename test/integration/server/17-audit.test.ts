/** The audit trail as people search it, and as they take it away and verify it elsewhere. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { AuditAnswer } from '../../../src/server/api-types.js';
import { stopTestStores } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { type Plane, startPlane } from './harness.js';

const it = await requires('postgresql');
let plane: Plane;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tc-audit-'));
  plane = await startPlane();
  for (const [actor, action, subject, detail] of [
    ['Ana', 'contract.approve', 'payments v3', { reason: '100% sure' }],
    ['Bela', 'contract.reject', 'payments v4', { reason: 'Too_Wide' }],
    ['Bela', 'people.invite', 'Carla', { note: '\u001b[2J\u202e' }],
  ] as const)
    await plane.store.audit.append({ actor, action, subject, detail });
});
afterAll(async () => {
  await plane?.close();
  await stopTestStores();
  rmSync(directory, { recursive: true, force: true });
});

const search = async (query: Record<string, string>): Promise<AuditAnswer> =>
  (await plane.call('GET', `/v1/audit?${new URLSearchParams(query)}`)).json;
const subjects = async (query: Record<string, string>) => (await search(query)).entries.map(({ subject }) => subject);

it('is searched by text, actor, action, subject and time, and no sign in the text has a meaning', async () => {
  expect(await subjects({ actor: 'Bela' })).toEqual(['Carla', 'payments v4']);
  expect(await subjects({ action: 'contract.' })).toEqual(['payments v4', 'payments v3']);
  expect(await subjects({ action: 'contract.approve' })).toEqual(['payments v3']);
  expect(await subjects({ subject: 'payments v4' })).toEqual(['payments v4']);
  expect(await subjects({ text: 'too_wide' })).toEqual(['payments v4']);
  expect(await subjects({ text: '100%' })).toEqual(['payments v3']);
  for (const text of ['%', '_ana', "' or 1=1 --", '100_']) {
    const found = (await subjects({ text })).filter((subject) => subject !== 'payments v3');
    expect([text, found]).toEqual([text, []]);
  }
  const [{ at, sequence }] = (await search({ subject: 'payments v4' })).entries as [AuditAnswer['entries'][number]];
  expect(await subjects({ actor: 'Bela', until: String(at) })).toContain('payments v4');
  expect(await subjects({ actor: 'Ana', since: String(at + 60_000) })).toEqual([]);
  expect(await subjects({ action: 'contract.', before: String(sequence) })).toEqual(['payments v3']);
  for (const query of ['limit=0', 'before=x', 'unknown=1', `text=${'x'.repeat(400)}`])
    expect([query, (await plane.call('GET', `/v1/audit?${query}`)).status]).toEqual([query, 400]);
});

it('is paged without a gap, a stretch at a time, while others write', async () => {
  const seen: number[] = [];
  for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
    const answer: AuditAnswer = await search({ limit: '2', before: String(before) });
    seen.push(...answer.entries.map(({ sequence }) => sequence));
    await plane.store.audit.append({ actor: 'other', action: 'x.y', subject: 'meanwhile', detail: {} });
    before = answer.next;
  }
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => seen.length - index));
  expect(seen.length).toBeGreaterThan(3);
});

it('is exported as a file that proves itself, and tells who took it along', async () => {
  const answer = await plane.call('GET', '/v1/audit/export');
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson']);
  expect(answer.headers['content-disposition']).toMatch(/^attachment; filename="audit-\d+\.ndjson"$/);
  expect(answer.text).toMatch(/^[\u0020-\u007e\n]+$/);
  const file = join(directory, 'export.ndjson');
  writeFileSync(file, answer.text);
  const lines = answer.text.trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ actor: 'tester', action: 'audit.export' });

  expect(await verify('--file', file)).toMatchObject({ code: 0, json: { ok: true, length: lines.length - 1 } });
  await plane.server.context.checkpoint.follow(plane.store.audit);
  const checkpoint = join(directory, 'checkpoint.json');
  const { seq, hash, ...rest } = JSON.parse(readFileSync(join(plane.directory, 'keys/audit-checkpoint.json'), 'utf8'));
  const kept = JSON.parse(lines[2] ?? '');
  writeFileSync(checkpoint, JSON.stringify({ ...rest, seq: kept.seq, hash: kept.hash }));
  expect(seq).toBeGreaterThanOrEqual(lines.length - 1);
  expect(await verify('--file', file, '--checkpoint', checkpoint)).toMatchObject({ code: 0 });
  writeFileSync(checkpoint, JSON.stringify({ ...rest, seq: 2, hash }));
  const anew = { ok: false, brokenAt: 2, reason: 'the chain was written anew' };
  expect(await verify('--file', file, '--checkpoint', checkpoint)).toMatchObject({ code: 2, json: anew });

  writeFileSync(file, lines.map((line) => line.replace('"payments v3"', '"payments v9"')).join('\n'));
  expect(await verify('--file', file)).toMatchObject({
    code: 2,
    json: { ok: false, reason: 'content and hash differ' },
  });
  expect((await verify('--file', join(directory, 'nothing'))).code).toBe(1);
  expect((await verify('--checkpoint', checkpoint)).code).toBe(1);
});

/** As somebody does who has no installation. */
function verify(...options: string[]): Promise<{ code: number; json: unknown }> {
  return new Promise((resolve) => {
    const given = ['bin/tricordon.mjs', 'audit', 'verify', '-o', 'json', ...options];
    execFile(process.execPath, given, { env: { PATH: process.env['PATH'] } }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), json: stdout === '' ? undefined : JSON.parse(stdout) }),
    );
  });
}
