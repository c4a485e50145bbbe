/**
 * Copies the readable memory of a stopped process. Format of the result: per region one JSON line
 * `{from, to, permissions, path, bytes}` and then exactly `bytes` bytes; addresses in hex.
 */
import { readSync, writeSync } from 'node:fs';

export interface MemoryCopy {
  readonly bytes: number;
  readonly regions: number;
  /** Regions that could not be read, or did not fit. */
  readonly skipped: number;
}

const step = 1 << 20;

/**
 * @param maps text of `/proc/PID/maps`
 * @param memory descriptor of `/proc/PID/mem`
 * @param into descriptor to write to
 */
export function copyMemory(maps: string, memory: number, into: number, maxBytes: number): MemoryCopy {
  let [bytes, regions, skipped] = [0, 0, 0];
  const buffer = Buffer.allocUnsafe(step);
  for (const line of maps.split('\n')) {
    const region = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) (\S{4}) \S+ \S+ \d+ *(.*)$/.exec(line);
    if (region === null) continue;
    const [, from = '', to = '', permissions = '', path = ''] = region;
    // Files that are only mapped for reading lie on disk; devices may hang or change when read.
    const fromDisk = path.startsWith('/') && !permissions.includes('w');
    if (!permissions.startsWith('r') || fromDisk || path.startsWith('/dev/') || path === '[vvar]') continue;
    const start = BigInt(`0x${from}`);
    const size = Number(BigInt(`0x${to}`) - start);
    if (size > maxBytes - bytes || !readable(memory, start)) {
      skipped += 1;
      continue;
    }
    writeAll(into, Buffer.from(`${JSON.stringify({ from, to, permissions, path, bytes: size })}\n`));
    for (let done = 0; done < size; ) {
      const want = Math.min(step, size - done);
      const got = read(memory, buffer, want, start + BigInt(done));
      // A page that cannot be read stands as zeros, so that the length promised above holds.
      if (got === 0) buffer.fill(0, 0, Math.min(4_096, want));
      const filled = got === 0 ? Math.min(4_096, want) : got;
      writeAll(into, buffer.subarray(0, filled));
      done += filled;
    }
    bytes += size;
    regions += 1;
  }
  return { bytes, regions, skipped };
}

function readable(memory: number, at: bigint): boolean {
  return read(memory, Buffer.alloc(1), 1, at) === 1;
}

function read(memory: number, buffer: Buffer, length: number, position: bigint): number {
  try {
    return readSync(memory, buffer, { offset: 0, length, position });
  } catch {
    return 0;
  }
}

function writeAll(into: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(into, bytes, done);
}
