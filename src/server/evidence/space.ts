/** How much room evidence has: what lies there, measured in blocks of the disk, against its quota. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, type DiskLevel, leastRoom, type Room, roomAt } from '../../base/index.js';
import { ServerError } from '../errors.js';

/** The folder of the vault in which bundles come in. */
export const incomingFolder = '.incoming';

export interface EvidenceSpace {
  readonly quota: number;
  /** On disk, sealed and incoming. */
  used(): Promise<number>;
  /** Bytes that may still come. @throws ServerError `evidence-full` when there are none */
  left(): Promise<number>;
}

/** `level`: of the disk. On one that is nearly full, a file gets half of what is left above what the database needs. */
export function evidenceSpace(
  directory: string,
  quota: number,
  level: () => DiskLevel = () => 'normal',
  read: (path: string) => Room = roomAt,
): EvidenceSpace {
  /** Sealed bundles never change: each is measured once. */
  const sealed = new Map<string, number>();

  async function used(): Promise<number> {
    let sum = 0;
    const names = await readdir(directory);
    for (const name of names) {
      const known = sealed.get(name) ?? (await blocksIn(join(directory, name)));
      if (name !== incomingFolder) sealed.set(name, known);
      sum += known;
    }
    for (const name of sealed.keys()) if (!names.includes(name)) sealed.delete(name);
    return sum;
  }

  return {
    quota,
    used,
    left: async () => {
      const left = quota - (await used());
      if (left <= 0) throw evidenceFull(quota);
      if (level() === 'normal') return left;
      const room = Math.floor((read(directory).freeBytes - 2 * leastRoom) / 2);
      if (room <= 0)
        throw new ServerError('evidence-full', 'the disk is nearly full: no new evidence is taken', {
          hint: 'free some space; the database comes before new evidence',
        });
      return Math.min(left, room);
    },
  };
}

export function evidenceFull(quota: number): ServerError {
  return new ServerError('evidence-full', `evidence has reached its quota of ${Math.floor(quota / 1_048_576)} MB`, {
    hint: 'raise retention.evidence.megabytes, or close and unpin what is no longer needed: nothing else is removed',
  });
}

/** Follows no link. What goes meanwhile counts as gone. */
async function blocksIn(path: string): Promise<number> {
  try {
    const facts = await lstat(path);
    const own = facts.blocks * 512;
    if (!facts.isDirectory()) return own;
    let sum = own;
    for (const name of await readdir(path)) sum += await blocksIn(join(path, name));
    return sum;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
