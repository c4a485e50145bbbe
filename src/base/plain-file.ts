/** Reading where others can write: a name may have become a link, a FIFO or another's file since it was listed. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

export interface PlainFile {
  readonly file: FileHandle;
  /** Of what was opened, whatever its name leads to by now. */
  readonly facts: Stats;
}

/** Follows no link in the last place and waits for nobody. The caller closes it. @throws `ENOTREG`, or as `open` does */
export async function openPlainFile(path: string): Promise<PlainFile> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const facts = await file.stat();
    if (facts.isFile()) return { file, facts };
    throw Object.assign(new Error(`ENOTREG: not a regular file, open '${path}'`), { code: 'ENOTREG' });
  } catch (error) {
    await file.close();
    throw error;
  }
}
