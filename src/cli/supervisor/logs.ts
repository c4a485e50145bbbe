/** The supervisor's logs: looked at every second, and set aside by size; on a disk that is short of room, less of them stays. */
import { join } from 'node:path';
import { type DiskLevel, diskWatch, type LogLimits, rotateLogs } from '../../base/index.js';

const everyMs = 1_000;

/** How much stays at which level: on a full disk a log that grew is only emptied. */
export function limitsAt(level: DiskLevel, limits: LogLimits): LogLimits {
  if (level === 'normal') return limits;
  return { ...limits, files: level === 'tight' ? Math.min(1, limits.files) : 0 };
}

/** Returns what ends it. `say` is told once of each log that cannot be set aside. */
export function keepLogs(dataDir: string, limits: LogLimits, say: (line: string) => void): () => void {
  const directory = join(dataDir, 'log');
  const disk = diskWatch(dataDir, () => {});
  const told = new Set<string>();
  const look = () => {
    try {
      for (const [name, state] of rotateLogs(directory, limitsAt(disk.look(), limits))) {
        if (state !== 'held' || told.has(name)) continue;
        told.add(name);
        say(`log/${name} has grown and cannot be set aside: it is not a plain file of ours`);
      }
    } catch {
      // The folder was taken away: there is nothing to keep small.
    }
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
