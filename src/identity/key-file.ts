/** Private keys on disk: PKCS#8 in files that only their owner can read, in a directory that only their owner enters. */
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../base/index.js';
import { IdentityError } from './errors.js';

const largest = 65_536;

/** Makes the directory (0700) or refuses one that is not the caller's alone. */
export async function ownDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw unsafe(directory, 'cannot be made', cause);
  }
  const found = await lstat(directory).catch((cause: unknown) => {
    throw unsafe(directory, 'cannot be read', cause);
  });
  if (!found.isDirectory()) throw unsafe(directory, 'is not a directory');
  checkOwner(directory, found.uid, found.mode);
}

/** Undefined when there is no such file. */
export async function readOwnFile(directory: string, name: string): Promise<Buffer | undefined> {
  const path = join(directory, name);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((cause) => {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw broken(path, 'cannot be read', cause);
  });
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw broken(path, 'is not a file');
    if (found.size > largest) throw broken(path, 'is too large for a key or certificate');
    checkOwner(path, found.uid, found.mode);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Writes a file that must not exist yet; complete or not at all, even if two processes race or the power fails.
 * False when another process was first.
 */
export async function createOwnFile(directory: string, name: string, content: string | Buffer): Promise<boolean> {
  const temporary = join(directory, `.${name}.${randomBytes(6).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, join(directory, name));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Puts it in the place of what is there; after a power cut one of the two is there, whole. For one writer at a time. */
export async function replaceOwnFile(directory: string, name: string, content: string | Buffer): Promise<void> {
  await removeUnfinished(directory, name);
  const temporary = join(directory, `.${name}.${randomBytes(6).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
    await rename(temporary, join(directory, name));
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
  await syncDirectory(directory);
}

/** Gone also after a power cut, with what a writer left that was killed. For one writer at a time. */
export async function removeOwnFile(directory: string, name: string): Promise<void> {
  await removeUnfinished(directory, name);
  await rm(join(directory, name), { force: true });
  await syncDirectory(directory);
}

async function removeUnfinished(directory: string, name: string): Promise<void> {
  for (const found of await readdir(directory))
    if (found.startsWith(`.${name}.`)) await rm(join(directory, found), { force: true });
}

async function syncDirectory(directory: string): Promise<void> {
  const opened = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

/** PKCS#8 PEM; with a passphrase AES-256-CBC over a key derived by PBKDF2 (RFC 8018). */
export function privateKeyPem(key: KeyObject, passphrase: string | undefined): string {
  const plain = { type: 'pkcs8', format: 'pem' } as const;
  const exported = key.export(passphrase === undefined ? plain : { ...plain, cipher: 'aes-256-cbc', passphrase });
  return exported.toString();
}

export function isEncrypted(pem: Buffer): boolean {
  return pem.includes('BEGIN ENCRYPTED PRIVATE KEY');
}

export function readPrivateKey(path: string, pem: Buffer, passphrase: string | undefined): KeyObject {
  const encrypted = isEncrypted(pem);
  if (encrypted && passphrase === undefined) {
    throw new IdentityError('ca-passphrase-wrong', `\`${path}\` is encrypted and no passphrase was given`, {
      hint: 'give the passphrase the keys were made with',
    });
  }
  if (!encrypted && passphrase !== undefined && pem.includes('BEGIN PRIVATE KEY')) {
    throw new IdentityError('ca-passphrase-wrong', `\`${path}\` is not encrypted, yet a passphrase was given`, {
      hint: 'start without a passphrase, or encrypt the key with `openssl pkcs8 -topk8`',
    });
  }
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    // OpenSSL says "bad decrypt" or an ASN.1 error for a wrong passphrase, by chance of the padding
    if (
      encrypted &&
      /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n[\s\S]+-----END ENCRYPTED PRIVATE KEY-----\s*$/.test(
        pem.toString('latin1'),
      )
    ) {
      throw new IdentityError('ca-passphrase-wrong', `\`${path}\` does not open with this passphrase`, { cause });
    }
    throw broken(path, 'holds no private key', cause);
  }
}

export function broken(path: string, what: string, cause?: unknown): IdentityError {
  return new IdentityError('ca-broken', `\`${path}\` ${what}`, {
    cause,
    hint: 'restore the directory from a backup; a new one makes every agent enrol again',
  });
}

function checkOwner(path: string, uid: number, mode: number): void {
  const own = process.geteuid?.();
  if (own !== undefined && uid !== own) throw unsafe(path, `belongs to uid ${uid}, not to uid ${own}`);
  if ((mode & 0o077) !== 0) throw unsafe(path, `is open to others (mode ${(mode & 0o777).toString(8)})`);
}

function unsafe(path: string, what: string, cause?: unknown): IdentityError {
  return new IdentityError('ca-directory-unsafe', `\`${path}\` ${what}`, {
    cause,
    hint: 'keys live in a directory of mode 700, their files have mode 600, both owned by the account that runs this',
  });
}
