/** Small JSON files that are always whole: written beside, synced, renamed; the folder is synced too. */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';

export async function writeWhole(path: string, value: unknown): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(value)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncDirectory(dirname(path));
}

/** Undefined when it is missing or is not what it should be. */
export async function readWhole<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return text.length > 1 << 20 ? undefined : schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
