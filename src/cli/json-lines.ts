/** Lines of a file that anybody may have written, as JSON, one at a time. */
import { createReadStream } from 'node:fs';
import { codeOf, printable } from '../base/index.js';
import { CliError } from './command.js';

const longest = 1 << 20;

export type JsonLine = { readonly value: unknown } | { readonly problem: string };

/** Empty lines are none. A line that is too long, not UTF-8 or not JSON is a problem, and the next one goes on. @throws CliError `usage` */
export async function* jsonLines(path: string): AsyncGenerator<JsonLine> {
  const stream = path === '-' ? process.stdin : createReadStream(path);
  let pieces: Buffer[] = [];
  let length = 0;
  const take = (): JsonLine | undefined => {
    const line = length > longest ? { problem: 'is longer than 1 MiB' } : parsed(Buffer.concat(pieces));
    pieces = [];
    length = 0;
    return line;
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (let from = 0; from < chunk.length; ) {
        const end = chunk.indexOf(0x0a, from);
        const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
        length += piece.length;
        if (length <= longest) pieces.push(piece);
        from += piece.length + (end < 0 ? 0 : 1);
        if (end < 0) continue;
        const line = take();
        if (line !== undefined) yield line;
      }
    }
  } catch (cause) {
    throw new CliError('usage', `\`${printable(path, 200)}\` cannot be read (${codeOf(cause) ?? 'unknown'})`, {
      cause,
      hint: 'give a file with one JSON object on each line, or - for standard input',
    });
  }
  const line = take();
  if (line !== undefined) yield line;
}

function parsed(bytes: Buffer): JsonLine | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { problem: 'is not UTF-8' };
  }
  if (text.trim() === '') return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: 'is not JSON' };
  }
}
