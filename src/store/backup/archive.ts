/** What is in a backup: parts by name, and last a manifest of their sizes and hashes. Written and read once, in order. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StoreError } from '../store-error.js';
import type { SealedReader, SealedWriter } from './sealed.js';

const longestFrame = 1 << 20;
const longestName = 512;
const manifestName = 'manifest';

/** Plain relative names below the places a backup has: nothing that could lead elsewhere. */
const PartName = z
  .string()
  .max(longestName)
  .regex(
    /^(database|keys|evidence|settings|spool)(\/(?:[A-Za-z0-9_-]|%[0-9A-F]{2})(?:[A-Za-z0-9._-]|%[0-9A-F]{2})*)+$/,
  );
const Part = z.strictObject({ name: PartName, bytes: z.int().min(0), sha256: z.string().length(64) });
const Manifest = z.strictObject({ parts: z.array(Part).max(1_000_000) });
export type BackupPart = z.infer<typeof Part>;

/** The name of the part for a file; whatever stands in its path, the name is plain. */
export function partName(place: 'database' | 'keys' | 'evidence' | 'settings' | 'spool', path: string): string {
  const plain = (segment: string) =>
    [...Buffer.from(segment)]
      .map((byte, index) => {
        const char = String.fromCharCode(byte);
        const safe = /[A-Za-z0-9_-]/.test(char) || (char === '.' && index > 0);
        return safe ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
      })
      .join('');
  return [place, ...path.split('/').map(plain)].join('/');
}

/** The path of a part below its place. @throws StoreError `malformed` for one that would lead elsewhere. */
export function pathOfPart(name: string): { readonly place: string; readonly path: string } {
  const [place = '', ...segments] = name.split('/');
  const path = segments.map((segment) =>
    Buffer.from(
      segment.replace(/%([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8'),
  );
  if (path.some((segment) => /^\.{0,2}$/.test(segment) || /[/\0]/.test(segment)))
    throw malformed('a part has a name that none has');
  return { place, path: path.join('/') };
}

export interface ArchiveWriter {
  /** @throws StoreError `malformed` for a name that a reader would refuse. */
  part(name: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  end(): Promise<readonly BackupPart[]>;
}

export function writeArchive(sealed: SealedWriter): ArchiveWriter {
  const parts: BackupPart[] = [];
  const frame = async (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    await sealed.write(length);
    await sealed.write(bytes);
  };
  return {
    part: async (name, content) => {
      if (!PartName.safeParse(name).success)
        throw new StoreError('malformed', `\`${name}\` cannot be a part of a backup`, { hint: 'rename or remove it' });
      await frame(Buffer.from(name));
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of content) {
        for (let at = 0; at < piece.length; at += longestFrame) {
          const cut = piece.subarray(at, at + longestFrame);
          hash.update(cut);
          bytes += cut.length;
          await frame(cut);
        }
      }
      await frame(new Uint8Array());
      parts.push({ name, bytes, sha256: hash.digest('hex') });
    },
    end: async () => {
      await frame(Buffer.from(manifestName));
      const text = Buffer.from(JSON.stringify({ parts } satisfies z.infer<typeof Manifest>));
      for (let at = 0; at < text.length; at += longestFrame) await frame(text.subarray(at, at + longestFrame));
      await frame(new Uint8Array());
      await sealed.end();
      return parts;
    },
  };
}

/**
 * Gives each part to `take`, which must read it to its end. Returns the manifest once every part was there as it says.
 *
 * @throws StoreError `tampered`, `malformed`
 */
export async function readArchive(
  sealed: SealedReader,
  take: (name: string, content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<readonly BackupPart[]> {
  const frames = framesOf(sealed.chunks());
  const found: BackupPart[] = [];
  const names = new Set<string>();
  for (;;) {
    const name = (await frames.next(longestName)).toString('utf8');
    if (name === manifestName) break;
    if (!PartName.safeParse(name).success || names.has(name)) throw malformed('a part has a name that none has');
    names.add(name);
    const hash = createHash('sha256');
    let bytes = 0;
    let over = false;
    const content = async function* () {
      for (let piece = await frames.next(longestFrame); piece.length > 0; piece = await frames.next(longestFrame)) {
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
      over = true;
    };
    await take(name, content());
    if (!over) throw malformed('a part was not read to its end');
    found.push({ name, bytes, sha256: hash.digest('hex') });
  }
  const pieces: Buffer[] = [];
  let size = 0;
  for (let piece = await frames.next(longestFrame); piece.length > 0; piece = await frames.next(longestFrame)) {
    pieces.push(piece);
    size += piece.length;
    if (size > 256 << 20) throw malformed('its manifest is too large');
  }
  await frames.end();
  const told = manifestOf(Buffer.concat(pieces));
  if (JSON.stringify(told) !== JSON.stringify(found))
    throw new StoreError('tampered', 'this backup does not hold what its manifest says', {
      hint: 'use another backup',
    });
  return found;
}

function manifestOf(bytes: Buffer): readonly BackupPart[] {
  try {
    return Manifest.parse(JSON.parse(bytes.toString('utf8'))).parts;
  } catch (cause) {
    throw malformed('its manifest cannot be read', cause);
  }
}

function framesOf(chunks: AsyncGenerator<Buffer>) {
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (bytes: number): Promise<void> => {
    const pieces = [rest];
    let have = rest.length;
    while (have < bytes) {
      const { value, done } = await chunks.next();
      if (done === true) throw malformed('it ends within a part');
      pieces.push(value);
      have += value.length;
    }
    rest = Buffer.concat(pieces);
  };
  return {
    next: async (longest: number): Promise<Buffer> => {
      await fill(4);
      const length = rest.readUInt32BE(0);
      if (length > longest) throw malformed('a piece of it is longer than any may be');
      await fill(4 + length);
      const piece = rest.subarray(4, 4 + length);
      rest = rest.subarray(4 + length);
      return piece;
    },
    end: async (): Promise<void> => {
      if (rest.length > 0 || (await chunks.next()).done !== true) throw malformed('something follows its end');
    },
  };
}

function malformed(why: string, cause?: unknown): StoreError {
  return new StoreError('malformed', `this backup was not written as one is: ${why}`, {
    cause,
    hint: 'use another backup',
  });
}
