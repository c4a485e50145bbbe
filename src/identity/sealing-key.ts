/** A key for sealing what lies in a database, kept outside of it beside the keys of the CA. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { broken, createOwnFile, ownDirectory, readOwnFile } from './key-file.js';

/** 32 bytes; made with the first call. @throws IdentityError `ca-directory-unsafe`, `ca-broken` */
export async function openSealingKey(directory: string, name: string): Promise<Buffer> {
  await ownDirectory(directory);
  if ((await readOwnFile(directory, name)) === undefined) {
    await createOwnFile(directory, name, `${randomBytes(32).toString('base64')}\n`);
  }
  const key = Buffer.from((await readOwnFile(directory, name))?.toString('latin1').trim() ?? '', 'base64');
  if (key.length !== 32) throw broken(join(directory, name), 'holds no key of 32 bytes');
  return key;
}
