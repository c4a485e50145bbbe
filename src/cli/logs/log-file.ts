/** Reading logs that accounts of our processes, and services, can write: no link or FIFO is followed, and no end awaited. */
import { join } from 'node:path';
import { codeOf, openPlainFile } from '../../base/index.js';

/** Far more than anybody reads; older lines stay in the file. */
const mostBytes = 8 << 20;

export interface LogChunk {
  readonly lines: readonly string[];
  /** Where the next look goes on, behind the last whole line. */
  readonly next: number;
  /** Which file that was: another one has taken its place when it differs. */
  readonly file: number;
}

/** Where a log may be; names of processes and services have no separator in them. */
export function logPaths(dataDir: string, name: string): readonly string[] {
  return ['log', 'log/planes'].map((folder) => join(dataDir, folder, `${name}.log`));
}

/** From `from` on, whole lines only; undefined where there is no such log. @throws as `open` does for all but `ENOENT` */
export async function readLog(
  path: string,
  from: Pick<LogChunk, 'next' | 'file'> | undefined,
): Promise<LogChunk | undefined> {
  try {
    const { file, facts } = await openPlainFile(path);
    try {
      const again = from !== undefined && from.file === facts.ino && facts.size >= from.next;
      const start = again ? from.next : Math.max(0, facts.size - mostBytes);
      const length = Math.min(facts.size - start, mostBytes);
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, start);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
      const lines = buffer.toString('utf8', 0, end).split('\n').slice(0, -1);
      // Not begun at the beginning of the file: the first line is a part of one.
      return { lines: !again && start > 0 ? lines.slice(1) : lines, next: start + end, file: facts.ino };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
