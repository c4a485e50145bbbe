/** How much room evidence has: what lies there, measured in blocks of the disk, against its quota. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/index.js';
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

export function evidenceSpace(directory: string, quota: number): EvidenceSpace {
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
      return left;
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
