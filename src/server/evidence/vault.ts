/** Where evidence lies: files come in one by one, are checked against the manifest, and are sealed by our signature. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { codeOf } from '../../base/index.js';
import type { EvidenceManifest } from '../../model/index.js';
import { isBundleName, manifestText } from '../../respond/index.js';
import { ServerError } from '../errors.js';
import { type EvidenceSpace, evidenceFull, incomingFolder } from './space.js';

export const EvidenceId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,95}$/, 'an evidence id is a-z, 0-9 and -');
/** The folder in a bundle for what the control plane adds; agents cannot write there. */
export const ours = 'control-plane';
/** Relative and of plain parts: never more than a name. */
export const EvidencePath = z
  .string()
  .max(240)
  .refine(
    (path) => isBundleName(path) && !path.endsWith('.part') && !path.startsWith(`${ours}/`),
    'this cannot be a file of a bundle',
  );

export interface VaultLimits {
  readonly fileBytes: number;
  readonly totalBytes: number;
  readonly files: number;
}

export interface Sealed {
  readonly manifest: EvidenceManifest;
  readonly signature: string;
  readonly directory: string;
  readonly manifestDigest: string;
}

export interface Vault {
  /** Takes one file of a bundle that is not sealed; a second time replaces the first. Returns its size and hash. */
  receive(host: string, id: string, path: string, body: Readable): Promise<{ bytes: number; sha256: string }>;
  /** Checks every file, adds `own`, signs, and moves the bundle to its place. @throws ServerError `invalid` */
  seal(
    host: string,
    manifest: EvidenceManifest,
    own: readonly { name: string; what: string; text: string }[],
    sign: (bytes: Uint8Array) => Uint8Array,
  ): Promise<Sealed>;
}

export function openVault(directory: string, limits: VaultLimits, space: EvidenceSpace): Vault {
  const incoming = (host: string, id: string) => join(directory, incomingFolder, host, EvidenceId.parse(id));
  return {
    async receive(host, id, path, body) {
      const folder = incoming(host, id);
      const known = await filesIn(folder);
      const total = [...known].reduce((sum, [name, size]) => sum + (name === path ? 0 : size), 0);
      if (known.size >= limits.files && !known.has(path)) throw tooLarge(`more than ${limits.files} files`);
      const target = join(folder, EvidencePath.parse(path));
      // A refusal is told at the end of the body: with the rest unread, the connection would be of no more use.
      let refusal: unknown;
      const left = await space.left().catch((error: unknown) => {
        refusal = error;
        return 0;
      });
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const hash = createHash('sha256');
      let bytes = 0;
      const meter = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          if (bytes > limits.fileBytes) return done(tooLarge(`a file larger than ${limits.fileBytes} bytes`));
          if (bytes > left) refusal ??= evidenceFull(space.quota);
          if (total + bytes > limits.totalBytes)
            refusal ??= tooLarge(`a bundle larger than ${limits.totalBytes} bytes`);
          if (refusal !== undefined) return done();
          hash.update(chunk);
          done(null, chunk);
        },
        flush: (done) => done(refusal instanceof Error ? refusal : null),
      });
      const part = `${target}.part`;
      try {
        await pipeline(body, meter, createWriteStream(part, { mode: 0o600, flush: true }));
      } catch (error) {
        await rm(part, { force: true });
        if (codeOf(error) === 'ENOSPC')
          throw new ServerError('unavailable', 'no space left for evidence', { cause: error });
        throw error;
      }
      await rename(part, target);
      return { bytes, sha256: `sha256:${hash.digest('hex')}` };
    },
    async seal(host, given, own, sign) {
      const folder = incoming(host, given.id);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Left by a seal that was cut off.
      for (const name of [ours, 'manifest.json', 'manifest.sig'])
        await rm(join(folder, name), { recursive: true, force: true });
      await checkFiles(folder, given);
      await mkdir(join(folder, ours), { mode: 0o700 });
      const added: EvidenceManifest['files'] = [];
      for (const { name, what, text } of own) {
        const path = `${ours}/${name}`;
        const bytes = Buffer.from(text, 'utf8');
        await write(join(folder, path), bytes);
        added.push({ path, bytes: bytes.length, sha256: digestOf(bytes), what });
      }
      const manifest = { ...given, files: [...given.files, ...added] };
      const bytes = Buffer.from(manifestText(manifest), 'utf8');
      const signature = Buffer.from(sign(bytes)).toString('base64');
      await write(join(folder, 'manifest.json'), bytes);
      await write(join(folder, 'manifest.sig'), Buffer.from(`${signature}\n`));
      const place = join(directory, given.id);
      // Left there by a seal whose answer, and database row, were lost: the newer one counts.
      await rm(place, { recursive: true, force: true });
      await rename(folder, place);
      return { manifest, signature, directory: place, manifestDigest: digestOf(bytes) };
    },
  };
}

/** INVARIANT: what is signed is on our disk, byte for byte, and nothing else lies beside it. */
async function checkFiles(folder: string, manifest: EvidenceManifest): Promise<void> {
  const present = await filesIn(folder);
  const listed = new Set<string>();
  for (const file of manifest.files) {
    EvidencePath.parse(file.path);
    if (listed.has(file.path)) throw wrong(`\`${file.path}\` is listed twice`);
    listed.add(file.path);
    if (present.get(file.path) !== file.bytes) throw wrong(`\`${file.path}\` is missing or has another size`);
    if ((await hashFile(join(folder, file.path))) !== file.sha256) throw wrong(`\`${file.path}\` has another hash`);
  }
  for (const path of present.keys()) if (!listed.has(path)) throw wrong(`\`${path}\` is not in the manifest`);
}

/** Relative path -> size of the regular files beneath a folder; empty when there is none. */
export async function filesIn(folder: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  await walk('');
  return found;

  async function walk(relative: string): Promise<void> {
    const entries = await readdir(join(folder, relative), { withFileTypes: true }).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    });
    for (const entry of entries) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile() && !entry.name.endsWith('.part')) found.set(path, (await lstat(join(folder, path))).size);
    }
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'r');
  try {
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk);
  } finally {
    await file.close();
  }
  return `sha256:${hash.digest('hex')}`;
}

async function write(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function wrong(message: string): ServerError {
  return new ServerError('invalid', message, { hint: 'send the file again, then the manifest' });
}

function tooLarge(what: string): ServerError {
  return new ServerError('too-large', `evidence: ${what}`);
}
