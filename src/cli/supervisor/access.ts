/** The control plane leaves the CLI's token in its own directory; the operator's copy is ours alone. */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const everyMs = 1_000;

/** Copies it now, and again whenever it was written anew: the roots in it change with those of the authority. Returns what ends it. */
export function followAccess(dataDir: string): () => void {
  const from = join(dataDir, 'keys/access.json');
  let copied = takeOver(from, dataDir);
  const timer = setInterval(() => {
    try {
      if (writtenAt(from) !== copied) copied = takeOver(from, dataDir);
    } catch {
      // The control plane puts another in its place just now, or is being made anew: the copy stays good until then.
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function takeOver(from: string, dataDir: string): number {
  const at = writtenAt(from);
  const text = readFileSync(from, 'utf8');
  const to = join(dataDir, 'token');
  rmSync(`${to}.new`, { force: true });
  writeFileSync(`${to}.new`, text, { mode: 0o600, flag: 'wx' });
  renameSync(`${to}.new`, to);
  return at;
}

function writtenAt(path: string): number {
  return statSync(path).mtimeMs;
}
