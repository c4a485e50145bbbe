/** A key for sealing what lies elsewhere, in a database for instance. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { broken, ownDirectory } from './key-file.js';
import { type KeyPlace, loadKeyFile } from './sealed-file.js';

/** 32 bytes; made with the first call. @throws IdentityError `ca-directory-unsafe`, `ca-broken`, `key-sealed` */
export async function openSealingKey(place: KeyPlace): Promise<Buffer> {
  await ownDirectory(place.directory);
  return decoded(place, await loadKeyFile(place, { make: madeKey, fromPlain: plainKey }));
}

export function madeKey(): Buffer {
  return written(randomBytes(32));
}

/** The spool's was once written as it is. */
export function plainKey(found: Buffer): Buffer {
  return found.length === 32 ? written(found) : found;
}

function written(key: Buffer): Buffer {
  return Buffer.from(`${key.toString('base64')}\n`);
}

function decoded(place: KeyPlace, text: Buffer): Buffer {
  const key = Buffer.from(text.toString('latin1').trim(), 'base64');
  if (key.length !== 32) throw broken(join(place.directory, place.name), 'holds no key of 32 bytes');
  return key;
}
