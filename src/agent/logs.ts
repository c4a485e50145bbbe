/** Logs of the data plane: set aside by size where the folder is the agent's own, and removed some time after their workload. */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type DiskLevel, type Logger, messageOf, rotateLogs } from '../base/index.js';
import type { AgentSettings } from './settings.js';

const everyMs = 1_000;
const hourMs = 3_600_000;
/** Of workloads that ended: long enough to be asked about them, and no more than so many. */
const keepMs = 14 * 86_400_000;
const mostEnded = 200;

export interface PlaneLogs {
  readonly settings: Pick<AgentSettings, 'logDirectory' | 'rootMode' | 'logs'>;
  /** Beginnings of the names of logs that are in use: `SERVICE-SHORT`. */
  readonly live: () => ReadonlySet<string>;
  readonly disk: () => DiskLevel;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Returns what ends it. */
export function keepPlaneLogs(options: PlaneLogs): () => void {
  const { settings, disk, clock, log } = options;
  const { logDirectory, logs } = settings;
  const attempt = (work: () => void) => () => {
    try {
      work();
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'logs of the data plane are looked at again later');
    }
  };
  const sweep = attempt(() => sweepEnded(logDirectory, options.live(), clock.now()));
  sweep();
  const timers = [setInterval(sweep, hourMs)];
  // Else the folder is the supervisor's, which sees to it.
  if (settings.rootMode) {
    const files = { normal: logs.files, tight: Math.min(1, logs.files), full: 0 };
    const rotate = attempt(() => rotateLogs(logDirectory, { bytes: logs.bytes, files: files[disk()] }));
    timers.push(setInterval(rotate, everyMs));
  }
  for (const timer of timers) timer.unref();
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** Returns the names of what went. */
export function sweepEnded(directory: string, live: ReadonlySet<string>, now: number): string[] {
  const ended = readdirSync(directory)
    .flatMap((name) => {
      const [, owner] = /^(.+)\.plane\.log(?:\.\d+)?$/.exec(name) ?? [];
      if (owner === undefined || live.has(owner)) return [];
      return [{ name, at: lstatSync(join(directory, name)).mtimeMs }];
    })
    .sort((one, other) => other.at - one.at);
  const gone = ended.filter(({ at }, index) => index >= mostEnded || now - at > keepMs).map(({ name }) => name);
  for (const name of gone) rmSync(join(directory, name), { force: true });
  return gone;
}
