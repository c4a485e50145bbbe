/** What happens when what we say cannot be written: the reader went away, or a file that takes it has no room. */
import type { WriteStream } from 'node:tty';
import { codeOf, isDiskFull } from '../../base/index.js';

export interface Speaker {
  readonly stdout: Pick<WriteStream, 'on'>;
  readonly stderr: Pick<WriteStream, 'on' | 'write'>;
  exitCode?: NodeJS.Process['exitCode'];
  on(event: 'exit', listener: () => void): unknown;
  exit(code: number): unknown;
}

/**
 * Progress that is lost ends nothing: `up` goes on supervising. A result that is cut short is a failure, said on standard
 * error; the command itself is finished first, since what it began must not stay half done.
 */
export function outlast(self: Speaker): void {
  let cut = false;
  self.stderr.on('error', () => {});
  self.stdout.on('error', (error: unknown) => {
    if (!isDiskFull(error)) return void self.exit(codeOf(error) === 'EPIPE' ? 0 : 1);
    if (!cut) self.stderr.write('error: no space left for what is printed here: it is not whole\n');
    cut = true;
  });
  self.on('exit', () => {
    if (cut) self.exitCode = 1;
  });
}
