/** A directory as a tar stream (POSIX ustar, IEEE Std 1003.1 pax): what a sealed bundle is downloaded as. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

const block = 512;

export function tarStream(
  directory: string,
  prefix: string,
  files: readonly { path: string; bytes: number }[],
  mtime: number,
): Readable {
  return Readable.from(parts());

  async function* parts(): AsyncGenerator<Buffer> {
    for (const { path, bytes } of files) {
      yield header(`${prefix}/${path}`, bytes, mtime);
      const file = await open(join(directory, path), 'r');
      let sent = 0;
      try {
        for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 256 << 10 })) {
          if (!Buffer.isBuffer(chunk)) continue;
          sent += chunk.length;
          yield chunk;
        }
      } finally {
        await file.close();
      }
      if (sent !== bytes) throw new Error(`${path} changed while it was read`);
      if (bytes % block !== 0) yield Buffer.alloc(block - (bytes % block));
    }
    yield Buffer.alloc(2 * block);
  }
}

export function header(path: string, size: number, mtimeMs: number): Buffer {
  const [name, prefix] = splitName(path);
  const head = Buffer.alloc(block);
  head.write(name, 0, 100, 'utf8');
  octal(head, 100, 8, 0o600);
  octal(head, 108, 8, 0);
  octal(head, 116, 8, 0);
  octal(head, 124, 12, size);
  octal(head, 136, 12, Math.max(0, Math.floor(mtimeMs / 1_000)));
  head.write('        ', 148, 8, 'ascii');
  head.write('0', 156, 1, 'ascii');
  head.write('ustar\u000000', 257, 8, 'latin1');
  head.write(prefix, 345, 155, 'utf8');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 8, 'latin1');
  return head;
}

/** Names over 100 bytes are split at a slash into prefix (155) and name. */
function splitName(path: string): [string, string] {
  if (Buffer.byteLength(path) <= 100) return [path, ''];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    if (Buffer.byteLength(path.slice(at + 1)) <= 100 && Buffer.byteLength(path.slice(0, at)) <= 155)
      return [path.slice(at + 1), path.slice(0, at)];
  }
  throw new Error('the name is too long for ustar');
}

function octal(into: Buffer, at: number, width: number, value: number): void {
  if (value >= 8 ** (width - 1)) throw new Error('the file is too large for ustar');
  into.write(`${value.toString(8).padStart(width - 1, '0')}\u0000`, at, width, 'latin1');
}
