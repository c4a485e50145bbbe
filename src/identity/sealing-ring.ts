/** Sealing keys that follow one another, in one file: the one that seals now, and those that still open something. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { broken, ownDirectory } from './key-file.js';
import { type KeyPlace, loadKeyFile, openKeyBytes, replaceKeyFile } from './sealed-file.js';

export interface SealingRing {
  readonly current: Buffer;
  /** Newest first; `until` counts whatever they seal. */
  readonly older: readonly { readonly key: Buffer; readonly until: number }[];
}

/** Made with the first call; a file of one key is a ring of one. @throws IdentityError `ca-directory-unsafe`, `ca-broken`, `key-sealed` */
export async function openSealingRing(place: KeyPlace): Promise<SealingRing> {
  await ownDirectory(place.directory);
  return decoded(place, await loadKeyFile(place, { make, fromPlain }));
}

/** The same of a file that was read already; changes nothing. @throws IdentityError `ca-broken`, `key-sealed` */
export function sealingRingIn(place: KeyPlace, found: Buffer): SealingRing {
  return decoded(place, openKeyBytes(place, found, fromPlain).bytes);
}

/** Whole or not at all. */
export async function keepSealingRing(place: KeyPlace, { current, older }: SealingRing): Promise<void> {
  const lines = [current.toString('base64'), ...older.map(({ key, until }) => `${key.toString('base64')} ${until}`)];
  await replaceKeyFile(place, Buffer.from(`${lines.join('\n')}\n`));
}

function decoded(place: KeyPlace, text: Buffer): SealingRing {
  const [first = '', ...rest] = text.toString('latin1').trimEnd().split('\n');
  const older = rest.map((line) => {
    const [, key = '', until = ''] = /^(\S{44}) (\d{1,16})$/.exec(line) ?? [];
    return { key: Buffer.from(key, 'base64'), until: Number(until) };
  });
  const current = Buffer.from(first, 'base64');
  if ([current, ...older.map(({ key }) => key)].some(({ length }) => length !== 32))
    throw broken(join(place.directory, place.name), 'holds something else than keys of 32 bytes');
  return { current, older };
}

function make(): Buffer {
  return written(randomBytes(32));
}

/** The spool's was once written as it is. */
function fromPlain(found: Buffer): Buffer {
  return found.length === 32 ? written(found) : found;
}

function written(key: Buffer): Buffer {
  return Buffer.from(`${key.toString('base64')}\n`);
}
