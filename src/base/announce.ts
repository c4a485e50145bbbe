/** The one JSON line on standard output by which a process of ours says that it is ready. */
import { writeSync } from 'node:fs';
import { isDiskFull } from './disk.js';

type Write = (bytes: Buffer) => number;

/** Standard output is a file of the supervisor's: on a full disk the line is finished as soon as there is room. */
export function announce(
  line: Readonly<Record<string, unknown>>,
  write: Write = (bytes) => writeSync(1, bytes),
  retryMs = 1_000,
): void {
  let rest = Buffer.from(`${JSON.stringify(line)}\n`);
  const go = () => {
    try {
      while (rest.length > 0) rest = rest.subarray(write(rest));
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      setTimeout(go, retryMs).unref();
    }
  };
  go();
}
