/** Room on a file system, and what it means: below what PostgreSQL and the spool need at once, a disk counts as full. */
import { statfsSync } from 'node:fs';
import { codeOf } from './errors.js';

/** PostgreSQL's log grows by files of 16 MB; without room for the next one the server ends and cannot start. */
export const leastRoom = 20 << 20;

export const diskLevels = ['normal', 'tight', 'full'] as const;
export type DiskLevel = (typeof diskLevels)[number];

/**
 * Tight is the last twentieth (95 % used), but never less than twice what counts as full, so that there is time to act on a
 * small disk, and never more than 10 GB, since five per cent of a large one is no shortage. Once tight, it is until half as
 * much again is free: a level that changes with every file helps nobody.
 */
export function diskLevel({ totalBytes, freeBytes }: Omit<Room, 'full'>, before: DiskLevel = 'normal'): DiskLevel {
  if (freeBytes < leastRoom) return 'full';
  const line = Math.min(Math.max(totalBytes / 20, 2 * leastRoom), 10 * 2 ** 30);
  return freeBytes < (before === 'normal' ? line : line * 1.5) ? 'tight' : 'normal';
}

export interface Room {
  readonly totalBytes: number;
  /** What an account other than root may still use. */
  readonly freeBytes: number;
  readonly full: boolean;
}

/** Of the file system that holds `path`. @throws the error of the system when `path` is not there. */
export function roomAt(path: string): Room {
  const { bavail, blocks, bsize } = statfsSync(path);
  const freeBytes = bavail * bsize;
  return { totalBytes: blocks * bsize, freeBytes, full: freeBytes < leastRoom };
}

export interface DiskWatch {
  /** As of the last look. */
  readonly level: () => DiskLevel;
  /** Looks now; `changed` is told when the level is another one. */
  look(): DiskLevel;
}

/** Of the file system that holds `path`; what cannot be read changes nothing. */
export function diskWatch(
  path: string,
  changed: (level: DiskLevel, room: Room) => void,
  read: (path: string) => Room = roomAt,
): DiskWatch {
  let level: DiskLevel = 'normal';
  return {
    level: () => level,
    look: () => {
      let room: Room;
      try {
        room = read(path);
      } catch {
        return level;
      }
      const next = diskLevel(room, level);
      if (next !== level) {
        level = next;
        changed(next, room);
      }
      return level;
    },
  };
}

/** Whether the operating system refused for lack of room: on the disk, or in the account's share of it. */
export function isDiskFull(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(thrown) ?? '');
}
