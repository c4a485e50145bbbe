/** Listens on a Unix socket path that is ours: short enough, free or left by the dead, with the mode asked for. */
import { randomBytes } from 'node:crypto';
import { chmod, lstat, rename, rm } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { codeOf } from '../../base/index.js';
import { IdentityError } from '../errors.js';

/** `sun_path` holds 108 bytes with the closing NUL (unix(7)). */
const longestPath = 107;

/**
 * @param mode permission bits of the socket: whoever may write to it may ask for the identity.
 * @throws IdentityError `socket-path-too-long`, `socket-in-use`, `socket-failed`.
 */
export async function listenOnPath(server: Server, path: string, mode: number): Promise<void> {
  const bytes = Buffer.byteLength(path);
  // room for the temporary suffix below
  if (bytes > longestPath) {
    throw new IdentityError('socket-path-too-long', `the socket path has ${bytes} bytes, at most ${longestPath} work`, {
      hint: 'choose a shorter runtime directory',
    });
  }
  await removeDead(path);
  try {
    await listen(server, path);
    await chmod(path, mode);
  } catch (cause) {
    server.close();
    throw new IdentityError('socket-failed', `cannot listen on \`${path}\``, { cause });
  }
}

/** INVARIANT: only a socket that nobody answers on is removed; any other file, and a live server, stays. */
async function removeDead(path: string): Promise<void> {
  const found = await lstat(path).catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new IdentityError('socket-failed', `cannot look at \`${path}\``, { cause });
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new IdentityError('socket-in-use', `\`${path}\` is there and is no socket`);
  if (await answers(path)) {
    throw new IdentityError('socket-in-use', `another process listens on \`${path}\``, {
      hint: 'stop it with `tricordon down`, or choose another runtime directory',
    });
  }
  // moved away first: if a server took the path since we looked, it is seen and put back
  const aside = `${path.slice(0, longestPath - 9)}.${randomBytes(4).toString('hex')}`;
  await rename(path, aside).catch(() => {});
  if (await answers(aside)) {
    await rename(aside, path);
    throw new IdentityError('socket-in-use', `another process listens on \`${path}\``);
  }
  await rm(aside, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error) => {
      // refused: nobody listens; anything else (no right, a full backlog) may be a live server
      const code = codeOf(error);
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
