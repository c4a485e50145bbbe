/** A small archive in the ustar format (POSIX.1-1988): plain files, nobody's names, one time. Pure. */

export interface TarEntry {
  readonly name: string;
  readonly content: Buffer;
}

const block = 512;

/** @param at ms since 1970 */
export function tarOf(entries: readonly TarEntry[], at: number): Buffer {
  const parts = entries.flatMap(({ name, content }) => [
    header(name, content.length, at),
    content,
    Buffer.alloc((block - (content.length % block)) % block),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header(name: string, size: number, at: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`a name of ${name.length} characters does not fit`);
  const made = Buffer.alloc(block);
  const octal = (value: number, start: number, length: number) =>
    made.write(`${value.toString(8).padStart(length - 1, '0')}\0`, start, 'ascii');
  made.write(name, 0);
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(at / 1_000), 136, 12);
  made.write('        0', 148, 'ascii');
  made.write('ustar\u000000', 257, 'ascii');
  const sum = made.reduce((total, byte) => total + byte, 0);
  made.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return made;
}
