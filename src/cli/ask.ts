/** Questions whose answers are secrets: typed without echo, or the lines of standard input; never arguments. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError } from './command.js';

const longest = 4_096;

export interface Asking {
  /** Undefined: standard input has no further line. At a terminal an empty answer is an answer. */
  secret(question: string): Promise<string | undefined>;
}

export function asking(): Asking {
  return process.stdin.isTTY === true ? atTerminal() : fromLines();
}

function atTerminal(): Asking {
  return {
    secret: (question) =>
      new Promise((resolve, reject) => {
        process.stderr.write(`${question}: `);
        const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
        const line = createInterface({ input: process.stdin, output: silent, terminal: true, historySize: 0 });
        const end = (work: () => void) => {
          line.removeAllListeners();
          line.close();
          process.stderr.write('\n');
          work();
        };
        line.once('line', (answer) => end(() => resolve(answer.slice(0, longest))));
        line.once('SIGINT', () => end(() => reject(new CliError('usage', 'interrupted'))));
        line.once('close', () => end(() => resolve(undefined)));
      }),
  };
}

function fromLines(): Asking {
  let lines: string[] | undefined;
  return {
    secret: async () => {
      if (lines === undefined) {
        let said = '';
        for await (const chunk of process.stdin) {
          said += String(chunk);
          if (said.length > 4 * longest) throw new CliError('usage', 'standard input holds more than a few lines');
        }
        lines = said.split(/\r?\n/);
        if (lines.at(-1) === '') lines.pop();
      }
      return lines.shift();
    },
  };
}
