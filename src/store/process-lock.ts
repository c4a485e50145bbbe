/** A lock file that names its holder by pid and start time, so that it never outlives the holder. */
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, codeOf, isDiskFull, isRunning, processFacts } from '../base/index.js';
import { StoreError } from './store-error.js';

export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * Takes the lock, waiting up to `waitMs` for a living holder; a dead holder's file is taken over.
 *
 * @throws StoreError `locked` when the holder lives on, `disk-full`.
 */
export async function holdLock(path: string, clock: Clock, waitMs = 0): Promise<ProcessLock> {
  const start = processFacts(process.pid)?.start ?? 0;
  const mine = `${process.pid} ${start} ${randomBytes(8).toString('hex')}\n`;
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const deadline = clock.monotonic() + waitMs;
  // A link appears with its content at once: nobody ever reads a half-written holder.
  try {
    await writeFile(draft, mine, { mode: 0o600, flag: 'wx' });
    for (;;) {
      if (await linked(draft, path)) return { release: () => release(path, mine) };
      const holder = await readFile(path, 'utf8').catch(() => undefined);
      if (holder === undefined) continue;
      if (!alive(holder)) {
        await discard(path, holder);
        continue;
      }
      if (clock.monotonic() >= deadline) {
        throw new StoreError('locked', `\`${path}\` is held by process ${holder.split(' ')[0] ?? '?'}`, {
          hint: 'another `tricordon` works on this directory; run `tricordon down` first',
        });
      }
      await pause(50);
    }
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new StoreError('disk-full', `no space left for \`${path}\``, { cause: error, hint: 'free some space' });
  } finally {
    await unlink(draft).catch(() => {});
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function alive(holder: string): boolean {
  const [pid, start] = holder.split(' ').map(Number);
  return pid !== undefined && start !== undefined && isRunning(pid, start);
}

/** Moves the dead holder's file aside; if a new holder slipped in between, puts it back. */
async function discard(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const found = await readFile(aside, 'utf8').catch(() => dead);
  if (found !== dead) await linked(aside, path);
  await unlink(aside).catch(() => {});
}

async function release(path: string, mine: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === mine) await unlink(path).catch(() => {});
}
