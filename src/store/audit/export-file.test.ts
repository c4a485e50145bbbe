import { expect, test } from 'vitest';
import { type AuditEntry, entryHash, GENESIS } from './chain.js';
import { auditExportLine, verifyAuditExport } from './export-file.js';

const nasty = '=cmd|calc\u001b[2J\u009b31m\u202e\u2028';

function exported(length: number, actor = 'ana'): string[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const open = {
      seq,
      at: seq,
      actor,
      action: 'contract.approve',
      subject: `${nasty} ${seq}`,
      detail: { nasty },
      previous: entries.at(-1)?.hash ?? GENESIS,
    };
    entries.push({ ...open, hash: entryHash(open) });
  }
  const last = entries.at(-1);
  return [
    auditExportLine({
      kind: 'tricordon-audit-export',
      schemaVersion: 1,
      instance: 'test',
      exportedAt: 9,
      exportedBy: 'ana',
      last: { seq: length, hash: last?.hash ?? GENESIS },
    }),
    ...entries.map(auditExportLine),
  ];
}
async function* each(lines: readonly string[]) {
  yield* lines;
}
const verify = (lines: readonly string[], checkpoint?: { seq: number; hash: string }) =>
  verifyAuditExport(each(lines), checkpoint);

test('an export proves itself, and holds no character that a terminal obeys', async () => {
  const lines = exported(4);
  expect(await verify(lines)).toMatchObject({ ok: true, length: 4, head: { last: { seq: 4 } } });
  expect(await verify(exported(0))).toMatchObject({ ok: true, length: 0 });
  for (const line of lines) expect(line.slice(0, -1)).toMatch(/^[\u0020-\u007e]+$/);
});

test('a changed, missing, doubled or cut-off line is found, and where', async () => {
  const lines = exported(4);
  const cases: [string[], number | null, string][] = [
    [lines.map((line) => line.replace('"seq":2,"at":2', '"seq":2,"at":7')), 2, 'content and hash differ'],
    [lines.filter((_, at) => at !== 2), 2, 'entry 2 is missing'],
    [[...lines.slice(0, 3), ...lines.slice(2)], 3, 'entry 3 is missing'],
    [lines.slice(0, 3), 3, 'the file was cut off'],
    [lines.map((line, at) => (at === 4 ? line.slice(0, 40) : line)), 4, 'line 5 is no entry'],
    [lines.map((line, at) => (at === 3 ? line.replace('{', '{"more":1,') : line)), 3, 'line 4 is no entry'],
    [lines.slice(1), null, 'the first line is not that of an audit export'],
    [[], null, 'the file is empty'],
    [[exported(2)[0] ?? '', ...lines.slice(1)], 3, 'the file does not end as its first line says'],
  ];
  for (const [given, brokenAt, reason] of cases)
    expect([reason, await verify(given)]).toMatchObject([reason, { ok: false, brokenAt, reason }]);
});

test('a chain written anew shows against a checkpoint that was kept elsewhere', async () => {
  const kept = JSON.parse(exported(3)[3] ?? '');
  expect(await verify(exported(5), kept)).toMatchObject({ ok: true });
  expect(await verify(exported(5, 'someone-else'))).toMatchObject({ ok: true });
  expect(await verify(exported(5, 'someone-else'), kept)).toMatchObject({ reason: 'the chain was written anew' });
  expect(await verify(exported(2), kept)).toMatchObject({ ok: false, reason: 'the end was cut off' });
});
