/**
 * The root key: 32 bytes in a file of its own, under which the other keys of an installation are sealed. While it changes
 * the older one lies beside it, until nothing is sealed under that any more.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { codeOf } from '../base/index.js';
import { IdentityError } from './errors.js';
import { type ProtectedRootKey, protectRoot, readProtected, unprotectRoot } from './root-key-text.js';
import { deriveSubkey, type KeyPurpose, rootIdOf, type Subkey } from './sealed-key.js';

export interface RootKeyPlace {
  readonly directory: string;
  /** Whose directory and files these are; default: ours. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Protects the key in its file; a key that lies there without is protected with the next `keep`. */
  readonly passphrase?: string;
}

export interface RootKeyStore {
  /** Newest first, at most two; empty when there is none. @throws IdentityError `root-key-broken`, `ca-passphrase-wrong` */
  ids(): readonly string[];
  /** @throws IdentityError `root-key-broken` also when there is none, `ca-passphrase-wrong` */
  subkeys(purposes: readonly KeyPurpose[]): readonly Subkey[];
  /** Makes the first one. */
  make(): void;
  /** Brings what is there under the passphrase, where one is set by now. */
  keep(): void;
  /** Makes the next one and keeps the older one beside it; does nothing while that is there. */
  beginChange(): void;
  /** The older one goes: nothing may be sealed under it any more. */
  endChange(): void;
}

export const rootKeyFile = 'root.key';
export const olderRootKeyFile = 'root.key.old';

export function rootKeyStore(place: RootKeyPlace): RootKeyStore {
  const { directory, passphrase } = place;
  const uid = place.owner?.uid ?? process.geteuid?.() ?? 0;
  const current = join(directory, rootKeyFile);
  const older = join(directory, olderRootKeyFile);

  return {
    ids: () => both().map(({ id }) => id),
    subkeys: (purposes) => {
      const found = both();
      if (found.length === 0) throw rootBroken(current, 'is missing');
      return found.flatMap((written) => {
        const root = opened(written);
        return purposes.map((purpose) => deriveSubkey(root, purpose));
      });
    },
    make: () => {
      if (both().length > 0) throw rootBroken(current, 'is there already');
      const draft = written(randomBytes(32));
      linkSync(draft, current);
      rmSync(draft);
      syncDirectory(directory);
    },
    keep: () => {
      const [first, second] = both();
      if (passphrase === undefined) return;
      if (second?.salt === null) replace(older, opened(second));
      if (first?.salt === null) replace(current, opened(first));
    },
    beginChange: () => {
      const [first, second] = both();
      if (first === undefined) throw rootBroken(current, 'is missing');
      if (second !== undefined) return;
      // A new root key is no use to whoever cannot open the old one.
      opened(first);
      const draft = written(randomBytes(32));
      rmSync(older, { force: true });
      linkSync(current, older);
      syncDirectory(directory);
      renameSync(draft, current);
      syncDirectory(directory);
    },
    endChange: () => {
      rmSync(older, { force: true });
      syncDirectory(directory);
    },
  };

  function both(): readonly (ProtectedRootKey & { readonly path: string })[] {
    const first = read(current);
    const second = read(older);
    if (first === undefined) {
      if (second !== undefined) throw rootBroken(current, `is missing, yet \`${olderRootKeyFile}\` is there`);
      return [];
    }
    // The same twice: a change that was killed before the new one was in place.
    return second === undefined || second.id === first.id ? [first] : [first, second];
  }

  function read(path: string): (ProtectedRootKey & { readonly path: string }) | undefined {
    const folder = lstatSync(directory, { throwIfNoEntry: false });
    if (folder === undefined) return undefined;
    checkOwner(directory, folder, 'isDirectory');
    let file: number;
    try {
      file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw rootBroken(path, `cannot be read (${codeOf(cause) ?? 'unknown'})`, cause);
    }
    try {
      const facts = fstatSync(file);
      checkOwner(path, facts, 'isFile');
      const parsed = facts.size > 1_000 ? undefined : readProtected(readFileSync(file, 'latin1'));
      if (parsed === undefined) throw rootBroken(path, 'holds no root key');
      return { ...parsed, path };
    } finally {
      closeSync(file);
    }
  }

  function checkOwner(path: string, facts: Stats, kind: 'isFile' | 'isDirectory'): void {
    if (!facts[kind]()) throw rootBroken(path, kind === 'isFile' ? 'is not a file' : 'is not a directory');
    if (facts.uid !== uid) throw rootBroken(path, `belongs to user id ${facts.uid}, not to ${uid}`);
    if ((facts.mode & 0o077) !== 0)
      throw rootBroken(path, `is open to others (mode ${(facts.mode & 0o777).toString(8)})`);
  }

  function opened(found: ProtectedRootKey & { readonly path: string }): Buffer {
    if (found.salt !== null && passphrase === undefined)
      throw new IdentityError('ca-passphrase-wrong', `\`${found.path}\` is protected and no passphrase was given`, {
        hint: 'set identity.passphraseFile to the file with its passphrase',
      });
    const root = unprotectRoot(found, passphrase);
    if (root === undefined && found.salt !== null)
      throw new IdentityError('ca-passphrase-wrong', `\`${found.path}\` does not open with this passphrase`, {
        hint: 'is identity.passphraseFile the right file? A key that was changed does not open either',
      });
    if (root === undefined || rootIdOf(root) !== found.id) throw rootBroken(found.path, 'was changed');
    return root;
  }

  function replace(path: string, root: Buffer): void {
    renameSync(written(root), path);
    syncDirectory(directory);
  }

  /** Under another name, and on the disk. */
  function written(root: Buffer): string {
    for (const name of readdirSync(directory))
      if (name.startsWith(`.${rootKeyFile}.`)) rmSync(join(directory, name), { force: true });
    const draft = join(directory, `.${rootKeyFile}.${randomBytes(6).toString('hex')}`);
    const file = openSync(draft, 'wx', 0o400);
    try {
      writeFileSync(file, protectRoot(root, passphrase));
      if (place.owner !== undefined) fchownSync(file, place.owner.uid, place.owner.gid);
      fchmodSync(file, 0o400);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return draft;
  }
}

function syncDirectory(directory: string): void {
  const opened = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

export function rootBroken(path: string, what: string, cause?: unknown): IdentityError {
  return new IdentityError('root-key-broken', `\`${path}\` ${what}`, {
    cause,
    hint: 'the other keys are sealed under it: put the right one back (its own account, mode 400), or restore a backup',
  });
}
