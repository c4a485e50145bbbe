/** The agent's disk: while it is short of room, the spool keeps half, and evidence takes little memory of processes. */
import { type DiskLevel, loggedDiskWatch, type Logger, messageOf } from '../base/index.js';
import type { HeldPins, SpoolWriter } from '../store/index.js';
import type { AgentStatus } from './local-protocol.js';

export interface AgentDisk {
  readonly level: () => DiskLevel;
  stop(): void;
}

export function watchDisk(directory: string, spool: Pick<SpoolWriter, 'squeeze'>, log: Logger): AgentDisk {
  const watch = loggedDiskWatch(directory, log);
  const look = () => {
    spool.squeeze(watch.look() !== 'normal').catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, 'the spool keeps what it has');
    });
  };
  look();
  const timer = setInterval(look, 10_000);
  timer.unref();
  return { level: watch.level, stop: () => clearInterval(timer) };
}

/** Of one process, for evidence that is collected first on this disk. */
export function memoryBytesFor(level: DiskLevel): number {
  return level === 'normal' ? 128 << 20 : 4 << 20;
}

/** What `status` says of the spool. */
export function spoolFacts(
  spool: Pick<SpoolWriter, 'stats'>,
  held: HeldPins,
): Omit<AgentStatus['spool'], 'pending' | 'maxBytes'> {
  const { lost, full, bytes, dropped } = spool.stats();
  return { lost, full, bytes, dropped, pinnedBytes: held.bytes, pinsRefused: held.refused.length };
}
