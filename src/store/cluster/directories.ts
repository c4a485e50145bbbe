/** Checks and makes the directories of a private cluster; refuses what belongs to someone else. */
import { chmod, chown, lstat, mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { codeOf, isDiskFull } from '../../base/index.js';
import { StoreError } from '../store-error.js';
import { type Account, type ClusterOptions, clusterDirectory, socketDirectory } from './connection.js';

/** The account that the server runs as: the given one, or ourselves. */
export function serverAccount(options: Pick<ClusterOptions, 'account'>): Account {
  const uid = process.getuid?.() ?? 0;
  if (options.account !== undefined && options.account.uid !== 0) return options.account;
  if (uid === 0) {
    throw new StoreError('no-account', 'PostgreSQL does not run as root', {
      hint: 'name an unprivileged account for it; `tricordon up` makes one called `tricordon`',
    });
  }
  try {
    return { uid, gid: process.getgid?.() ?? uid, name: userInfo().username };
  } catch (error) {
    throw new StoreError('no-account', `user id ${uid} has no name in the account database`, {
      cause: error,
      hint: 'add the account to /etc/passwd, or set database.url',
    });
  }
}

/** Makes the data directory, where the start lock lies; safe for several starters at once. */
export async function prepareDataDirectory(options: ClusterOptions, account: Account): Promise<void> {
  const socket = `${socketDirectory(options.runtimeDir)}/.s.PGSQL.5432`;
  if (Buffer.byteLength(socket) > 106) {
    throw new StoreError('socket-path-too-long', `\`${socket}\` has more than 106 bytes`, {
      hint: 'choose a shorter runtimeDir (a Unix socket path holds 107 bytes)',
    });
  }
  await own(options.dataDir, owners(account), openMode());
  if (process.getuid?.() === 0) await checkTraversable(options.dataDir, account);
}

/** Makes log and socket directory, and looks whose the cluster is. Under the start lock: owners change in two steps. */
export async function prepareDirectories(options: ClusterOptions, account: Account): Promise<void> {
  await own(options.runtimeDir, owners(account), openMode());
  await own(join(options.dataDir, 'log'), owners(account), openMode());
  if (process.getuid?.() === 0) await checkTraversable(options.runtimeDir, account);
  await own(socketDirectory(options.runtimeDir), [account.uid], 0o700, account);
  await checkClusterDirectory(options.dataDir, account);
}

const owners = (account: Account): number[] => (process.getuid?.() === 0 ? [0, account.uid] : [account.uid]);
/** As root the account must pass through; it never needs to list. */
const openMode = (): number => (process.getuid?.() === 0 ? 0o711 : 0o700);

/** The cluster itself, when it is there: a real directory that belongs to the account. */
export async function checkClusterDirectory(dataDir: string, account: Account): Promise<boolean> {
  const path = clusterDirectory(dataDir);
  const found = await look(path);
  if (found === undefined) return false;
  if (!found.isDirectory()) notDirectory(path);
  if (found.uid !== account.uid) notOwner(path, found.uid, account);
  return true;
}

async function own(path: string, owners: readonly number[], mode: number, give?: Account): Promise<void> {
  const found = await look(path);
  if (found === undefined) {
    try {
      await makeDirectory(path, mode);
      await chmod(path, mode); // whatever the umask
      if (give !== undefined && process.getuid?.() === 0) await chown(path, give.uid, give.gid);
      return;
    } catch (error) {
      if (isDiskFull(error)) {
        throw new StoreError('disk-full', `no space left to make \`${path}\``, {
          cause: error,
          hint: 'free some space',
        });
      }
      if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'EEXIST') notDirectory(path, error);
      throw new StoreError('not-owner', `cannot make \`${path}\``, {
        cause: error,
        hint: 'run as the account that owns the directory above, or choose another with --data-dir',
      });
    }
  }
  if (!found.isDirectory()) notDirectory(path);
  if (!owners.includes(found.uid)) notOwner(path, found.uid, give);
}

/** Node's own recursion never ends where a parent exists and still `ENOENT` is the answer, as under /proc. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const there = (await look(path))?.isDirectory() ?? false;
    if (codeOf(error) === 'EEXIST' && there) return; // another starter made it
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path || (await look(parent)) !== undefined) throw error;
    await makeDirectory(parent, 0o755);
    await makeDirectory(path, mode);
  }
}

async function look(path: string) {
  try {
    // Not followed: a link could lead the server (and our chown) anywhere.
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'ENOTDIR') notDirectory(path, error);
    throw new StoreError('not-owner', `cannot look at \`${path}\``, { cause: error, hint: 'check its owner and mode' });
  }
}

async function checkTraversable(path: string, account: Account): Promise<void> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await lstat(at);
    const mode = found.uid === account.uid ? found.mode >> 6 : found.gid === account.gid ? found.mode >> 3 : found.mode;
    if (!found.isSymbolicLink() && (mode & 1) === 0) {
      throw new StoreError('unreachable-directory', `account \`${account.name}\` cannot pass through \`${at}\``, {
        hint: 'choose a data directory outside of private home directories, like /var/lib/tricordon',
      });
    }
    if (at === '/') return;
  }
}

function notDirectory(path: string, cause?: unknown): never {
  throw new StoreError('not-a-directory', `\`${path}\` is not a directory`, {
    cause,
    hint: 'choose another place with --data-dir',
  });
}

function notOwner(path: string, uid: number, account: Account | undefined): never {
  throw new StoreError(
    'not-owner',
    `\`${path}\` belongs to user id ${uid}${account ? `, not to \`${account.name}\`` : ''}`,
    {
      hint: 'run as the account that owns it, or choose another with --data-dir',
    },
  );
}
