import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BackupPart, partName, pathOfPart, readArchive, writeArchive } from './archive.js';
import { makeRecoveryKey, readRecipient, readRecoverySecret, sharedSecret } from './recovery-key.js';
import { openSealed, sealTo } from './sealed.js';

const facts = { createdAt: 1, version: '0.1.0', schema: 3, instance: '0123abcd' };
const { secret, recipient } = makeRecoveryKey();
const big = Buffer.alloc(300_000, 'tricordon');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tc-backup-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(contents: Readonly<Record<string, Buffer>>, name = 'b'): Promise<Buffer> {
  const path = join(folder, name);
  const file = await open(path, 'w+');
  try {
    const archive = writeArchive(await sealTo(recipient, facts, file));
    for (const [part, content] of Object.entries(contents)) await archive.part(part, [content]);
    await archive.end();
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, 0);
    return bytes;
  } finally {
    await file.close();
  }
}

async function readBack(
  bytes: Buffer,
  key = secret,
): Promise<{ parts: readonly BackupPart[]; found: Map<string, Buffer> }> {
  const path = join(folder, 'read');
  await writeFile(path, bytes);
  const file = await open(path);
  const found = new Map<string, Buffer>();
  try {
    const parts = await readArchive(await openSealed(file, readRecoverySecret(key)), async (name, content) => {
      const pieces: Buffer[] = [];
      for await (const piece of content) pieces.push(piece);
      found.set(name, Buffer.concat(pieces));
    });
    return { parts, found };
  } finally {
    await file.close();
  }
}
const codeOfRead = async (bytes: Buffer, key = secret): Promise<unknown> =>
  readBack(bytes, key).then(
    () => 'ok',
    (error: unknown) => (error as { code: unknown }).code, // StoreError
  );

describe('a sealed archive', () => {
  test('gives back what was put in, of any size, and nothing of it can be read in the file', async () => {
    for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
      const bytes = await written({ 'keys/a': big.subarray(0, size), 'database/b': Buffer.from('row\n') });
      const { parts, found } = await readBack(bytes);
      expect(found.get('keys/a')?.equals(big.subarray(0, size))).toBe(true);
      expect(parts.map((part) => [part.name, part.bytes])).toEqual([
        ['keys/a', size],
        ['database/b', 4],
      ]);
      expect(bytes.includes('tricordontricordon')).toBe(false);
    }
  });

  test('opens with its own key alone', async () => {
    const bytes = await written({ 'keys/a': big });
    expect(await codeOfRead(bytes, makeRecoveryKey().secret)).toBe('recovery-key');
    for (const text of ['', recipient, `${secret}x`, 'tricordon-recovery-key-1:'])
      expect(await codeOfRead(bytes, text)).toBe('recovery-key');
    expect(() => readRecipient(secret)).toThrow(expect.objectContaining({ code: 'recovery-key' }));
  });

  test('is refused wherever it is cut off', async () => {
    const bytes = await written({ 'keys/a': big, 'database/b': big });
    const cuts = [0, 1, 18, 19, 23, 24, 100, 200, bytes.length - 1];
    for (let cut = 0; cut < bytes.length; cut += 4_096) cuts.push(cut);
    const header = bytes.length - (await chunked(bytes));
    for (let chunk = 0; header + chunk * 65_552 < bytes.length; chunk += 1) cuts.push(header + chunk * 65_552);
    for (const cut of cuts)
      expect([cut, await codeOfRead(bytes.subarray(0, cut))]).toEqual([
        cut,
        expect.stringMatching(/^(tampered|no-backup)$/),
      ]);
  });

  test('is refused with any byte changed, with chunks exchanged, and with something behind its end', async () => {
    const bytes = await written({ 'keys/a': big });
    for (let at = 0; at < bytes.length; at += at < 400 ? 1 : 7_919) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect([at, await codeOfRead(changed)]).not.toEqual([at, 'ok']);
    }
    const header = bytes.length - (await chunked(bytes));
    const [one, two] = [bytes.subarray(header, header + 65_552), bytes.subarray(header + 65_552, header + 131_104)];
    const exchanged = Buffer.concat([bytes.subarray(0, header), two, one, bytes.subarray(header + 131_104)]);
    expect(await codeOfRead(exchanged)).toBe('tampered');
    expect(await codeOfRead(Buffer.concat([bytes, Buffer.from('x')]))).toBe('tampered');
    const other = await written({ 'keys/a': big }, 'other');
    expect(await codeOfRead(Buffer.concat([bytes.subarray(0, header), other.subarray(header)]))).toBe('tampered');
  });

  test('refuses a key agreement that gives zero', () => {
    const own = readRecoverySecret(secret);
    expect(() => sharedSecret(own, Buffer.alloc(32))).toThrow(expect.objectContaining({ code: 'recovery-key' }));
  });

  test('names of parts are plain, and lead back to their paths and nowhere else', () => {
    for (const path of ['a', '.hidden', 'x/..y/.z', 'größe/ü n\n.txt', '-', '%2e', 'a/b/c.json'])
      expect(pathOfPart(partName('evidence', path))).toEqual({ place: 'evidence', path });
    expect(partName('keys', '../etc/passwd')).not.toContain('..');
    for (const name of ['keys/%2E%2E/x', 'keys/%2E', 'keys/%2F', 'keys/a%00', 'keys/', 'keys/a//b'])
      expect(() => pathOfPart(name)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  test('a writer refuses what a reader would, and a reader takes no name twice', async () => {
    await expect(written({ '../x': big })).rejects.toMatchObject({ code: 'malformed' });
    await expect(written({ 'elsewhere/x': big })).rejects.toMatchObject({ code: 'malformed' });
    const file = await open(join(folder, 'twice'), 'w+');
    const archive = writeArchive(await sealTo(recipient, facts, file));
    for (let count = 0; count < 2; count += 1) await archive.part('keys/a', [big]);
    await archive.end();
    await expect(
      readArchive(await openSealed(file, readRecoverySecret(secret)), async (_name, content) => {
        for await (const _piece of content);
      }),
    ).rejects.toMatchObject({ code: 'malformed' });
    await file.close();
  });
});

/** Bytes behind the header. */
async function chunked(bytes: Buffer): Promise<number> {
  return bytes.length - 23 - bytes.readUInt32BE(19);
}
