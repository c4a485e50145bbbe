/** A key for sealing what lies elsewhere: in a database, in the spool. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { broken, ownDirectory } from './key-file.js';
import { type KeyPlace, loadKeyFile } from './sealed-file.js';

/** 32 bytes; made with the first call. @throws IdentityError `ca-directory-unsafe`, `ca-broken`, `key-sealed` */
export async function openSealingKey(place: KeyPlace): Promise<Buffer> {
  await ownDirectory(place.directory);
  const written = await loadKeyFile(place, { make: () => Buffer.from(`${randomBytes(32).toString('base64')}\n`) });
  // The spool's was once written as it is.
  const key = written.length === 32 ? written : Buffer.from(written.toString('latin1').trim(), 'base64');
  if (key.length !== 32) throw broken(join(place.directory, place.name), 'holds no key of 32 bytes');
  return key;
}
