/** Whether the disk of an installation has room, and holds what may be kept by its settings. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { diskLevel, type ProbeResult, type Room, roomAt } from '../base/index.js';
import type { Configuration } from '../model/index.js';

export interface DiskCheck extends ProbeResult {
  readonly name: 'disk';
  readonly category: 'store';
  readonly title: string;
}

type Settings = Pick<Configuration, 'spool' | 'retention' | 'database'>;

/** Of the data directory, or of where it would be made. */
export function diskCheck(settings: Settings, dataDir: string, read: (path: string) => Room = roomAt): DiskCheck {
  const about = { name: 'disk', category: 'store', title: 'room for what is kept' } as const;
  const room = read(nearest(dataDir));
  const level = diskLevel(room);
  const free = `${megabytes(room.freeBytes)} of ${megabytes(room.totalBytes)} MB are free`;
  if (level !== 'normal')
    return {
      ...about,
      status: 'warn',
      detail: `${free}: ${level === 'full' ? 'it is full' : 'it is nearly full'}`,
      fix: 'free some space',
    };
  const wanted = mayBeKept(settings);
  if (wanted > megabytes(room.totalBytes))
    return {
      ...about,
      status: 'warn',
      detail: `${free}; the settings allow ${wanted} MB`,
      fix: 'lower retention.* and spool.maxMegabytes, or put the data directory on a larger disk',
    };
  return { ...about, status: 'ok', detail: `${free}; the settings allow ${wanted} MB` };
}

/** With a database elsewhere, its rows are not on this disk. */
function mayBeKept({ spool, retention, database }: Settings): number {
  const rows = database.url === undefined ? retention.observations.megabytes + retention.decisions.megabytes : 0;
  return spool.maxMegabytes + retention.evidence.megabytes + rows;
}

function nearest(path: string): string {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1_048_576);
}
