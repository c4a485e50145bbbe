/**
 * A stream that only a recovery key opens. First line `tricordon-backup-1`, the length of the header (4 bytes) and the
 * header, JSON that everybody may read; then chunks of 64 KiB, each AES-256-GCM under a key of this stream alone (X25519
 * with an ephemeral key, HKDF-SHA256 over the header). Nonce: number of the chunk (11 bytes) and whether it is the last:
 * STREAM of Hoang, Reyhanitabar, Rogaway and Vizár (2015), so that chunks can be neither moved nor cut off unnoticed.
 */
import { createCipheriv, createDecipheriv, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { StoreError } from '../store-error.js';
import { rawOf, readRecipient, sharedSecret } from './recovery-key.js';

const magic = Buffer.from('tricordon-backup-1\n');
const chunkBytes = 64 << 10;
const tagBytes = 16;
const longestHeader = 16 << 10;

const Header = z.strictObject({
  /** Ms since 1970. */
  createdAt: z.number(),
  version: z.string().max(64),
  /** Number of the newest migration. */
  schema: z.int().min(1),
  /** Of the installation. */
  instance: z.string().regex(/^[0-9a-f]{8}$/),
  recipient: z.string().max(128),
  ephemeral: z.string().max(128),
});
export type BackupFacts = Omit<z.infer<typeof Header>, 'recipient' | 'ephemeral'>;

export interface SealedWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Without it nothing that was written opens as a whole. */
  end(): Promise<void>;
}

export async function sealTo(recipient: string, facts: BackupFacts, file: FileHandle): Promise<SealedWriter> {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const known = readRecipient(recipient);
  const header = Buffer.from(
    JSON.stringify({ ...facts, recipient, ephemeral: rawOf(publicKey).toString('base64url') } satisfies z.infer<
      typeof Header
    >),
  );
  const key = streamKey(sharedSecret(privateKey, rawOf(known)), header);
  await put(file, Buffer.concat([magic, lengthOf(header), header]));
  let number = 0;
  let waiting = Buffer.alloc(0);
  const seal = async (chunk: Buffer, last: boolean) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number++, last));
    await put(file, Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]));
  };
  return {
    write: async (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      let at = 0;
      // One chunk stays behind: only the end knows which is the last.
      for (; waiting.length - at > chunkBytes; at += chunkBytes)
        await seal(waiting.subarray(at, at + chunkBytes), false);
      waiting = waiting.subarray(at);
    },
    end: () => seal(waiting, true),
  };
}

export interface SealedReader {
  readonly facts: BackupFacts;
  /** The contents, each piece verified before it is given; ends only where the writer ended. */
  chunks(): AsyncGenerator<Buffer>;
}

/** @throws StoreError `no-backup`, `recovery-key`, `tampered` */
export async function openSealed(file: FileHandle, secret: KeyObject): Promise<SealedReader> {
  const found = await file.stat();
  if (!found.isFile()) throw noBackup('it is no file');
  const start = await take(file, 0, magic.length + 4);
  const length = start.length < magic.length + 4 ? 0 : start.readUInt32BE(magic.length);
  if (!start.subarray(0, magic.length).equals(magic)) throw noBackup('it does not begin like one');
  if (length === 0 || length > longestHeader) throw noBackup('its header is cut off or damaged');
  const header = await take(file, start.length, length);
  const facts = headerOf(header);
  if (!rawOf(secret).equals(rawOf(readRecipient(facts.recipient))))
    throw new StoreError('recovery-key', 'this backup was sealed to another recovery key', {
      hint: `it opens with the private part of ${facts.recipient}`,
    });
  const key = streamKey(sharedSecret(secret, Buffer.from(facts.ephemeral, 'base64url')), header);
  const { recipient: _recipient, ephemeral: _ephemeral, ...rest } = facts;
  return { facts: rest, chunks: () => chunksOf(file, start.length + length, found.size, key) };
}

async function* chunksOf(file: FileHandle, from: number, size: number, key: Buffer): AsyncGenerator<Buffer> {
  let at = from;
  for (let number = 0; ; number += 1) {
    const sealed = await take(file, at, Math.min(chunkBytes + tagBytes, size - at));
    at += sealed.length;
    const last = at >= size;
    const chunk = opened(sealed, key, number, last);
    if (chunk === undefined) {
      const cut = last && opened(sealed, key, number, false) !== undefined;
      throw new StoreError('tampered', cut ? 'this backup is cut off' : 'this backup is damaged, changed or cut off', {
        hint: 'use another copy of it, or another backup',
      });
    }
    yield chunk;
    if (last) return;
  }
}

function opened(sealed: Buffer, key: Buffer, number: number, last: boolean): Buffer | undefined {
  if (sealed.length < tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, last), { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function headerOf(bytes: Buffer): z.infer<typeof Header> {
  try {
    return Header.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw noBackup('its header is cut off or damaged', cause);
  }
}

function streamKey(shared: Buffer, header: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', shared, header, 'tricordon backup 1', 32));
}

function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

/** As many bytes as there are. */
async function take(file: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, bytes));
  let got = 0;
  while (got < buffer.length) {
    const { bytesRead } = await file.read(buffer, got, buffer.length - got, at + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return buffer.subarray(0, got);
}

async function put(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

function noBackup(why: string, cause?: unknown): StoreError {
  return new StoreError('no-backup', `this is no backup of tricordon: ${why}`, {
    cause,
    hint: 'give a file that `tricordon backup create` wrote',
  });
}
