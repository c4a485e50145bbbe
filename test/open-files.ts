/** Files opened by promise and not closed yet: forgotten, the garbage collector closes them, which Node is going to refuse. */
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const files = new Map<FileHandle, string>();
const { open } = fs;

Object.assign(fs, {
  open: async (...given: Parameters<typeof open>): Promise<FileHandle> => {
    const asked = new Error(`open ${String(given[0])}`);
    const file = await open(...given);
    files.set(file, asked.stack ?? asked.message);
    return file;
  },
});
syncBuiltinESMExports();

/** Where each of them was opened. */
export function openFiles(): string[] {
  // A closed one has no descriptor.
  for (const file of files.keys()) if (file.fd === -1) files.delete(file);
  return [...files.values()];
}

export async function closeOpenFiles(): Promise<void> {
  await Promise.allSettled([...files.keys()].map((file) => file.close()));
}
