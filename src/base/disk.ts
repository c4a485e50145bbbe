/** Room on a file system: below what PostgreSQL and the spool need at once, a disk counts as full. */
import { statfsSync } from 'node:fs';
import { codeOf } from './errors.js';

/** PostgreSQL's log grows by files of 16 MB; without room for the next one the server ends and cannot start. */
export const leastRoom = 20 << 20;

export interface Room {
  /** What an account other than root may still use. */
  readonly freeBytes: number;
  readonly full: boolean;
}

/** Of the file system that holds `path`. @throws the error of the system when `path` is not there. */
export function roomAt(path: string): Room {
  const { bavail, bsize } = statfsSync(path);
  const freeBytes = bavail * bsize;
  return { freeBytes, full: freeBytes < leastRoom };
}

/** Whether the operating system refused for lack of room: on the disk, or in the account's share of it. */
export function isDiskFull(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(thrown) ?? '');
}
