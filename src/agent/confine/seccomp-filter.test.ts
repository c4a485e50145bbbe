import { describe, expect, test } from 'vitest';
import { refusedCalls, seccompFilter } from './seccomp-filter.js';

/** Runs the program as the kernel would (the five instructions that it uses); anything else is an error. */
function run(program: Buffer, call: { nr: number; arch: number; args?: readonly number[] }): string {
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at += 1) {
    const code = program.readUInt16LE(at * 8);
    const [jt, jf, k] = [program[at * 8 + 2] ?? 0, program[at * 8 + 3] ?? 0, program.readUInt32LE(at * 8 + 4)];
    if (code === 0x20) {
      accumulator = k === 0 ? call.nr : k === 4 ? call.arch : (call.args?.[(k - 16) / 8] ?? 0);
    } else if (code === 0x15) at += accumulator === k ? jt : jf;
    else if (code === 0x35) at += accumulator >= k ? jt : jf;
    else if (code === 0x45) at += (accumulator & k) !== 0 ? jt : jf;
    else if (code === 0x05) at += k;
    else if (code === 0x06) return k === 0x7fff0000 ? 'allow' : `errno ${k & 0xffff}`;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error('ran off the end');
}

const machines = [
  { arch: 'x64', audit: 0xc000003e, socket: 41, clone: 56, ioctl: 16, read: 0, exec: 59 },
  { arch: 'arm64', audit: 0xc00000b7, socket: 198, clone: 220, ioctl: 29, read: 63, exec: 221 },
] as const;

describe.each(machines)('the filter for $arch', ({ arch, audit, socket, clone, ioctl, read, exec }) => {
  const program = seccompFilter(arch);
  const ask = (nr: number, ...args: number[]) => run(program, { nr, arch: audit, args });

  test('refuses every call of the list and lets the ordinary ones pass', () => {
    for (const [name, [x64, arm64]] of Object.entries(refusedCalls)) {
      const number = arch === 'x64' ? x64 : arm64;
      if (number !== null) expect([name, ask(number)]).toEqual([name, 'errno 1']);
    }
    expect([ask(read), ask(exec), ask(clone, 0x11), ask(clone, 0x3d0f00)]).toEqual(Array(4).fill('allow'));
  });

  test('lets nobody make a namespace through clone, and hides clone3 so that libc falls back', () => {
    for (const flag of [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(ask(clone, flag | 0x11)).toBe('errno 1');
    }
    expect(ask(435)).toBe('errno 38');
  });

  test('gives out Unix, IP and netlink sockets only', () => {
    expect([1, 2, 10, 16].map((family) => ask(socket, family))).toEqual(Array(4).fill('allow'));
    expect([17, 38, 40, 44].map((family) => ask(socket, family))).toEqual(Array(4).fill('errno 97'));
  });

  test('keeps characters from being pushed into the terminal', () => {
    expect([ask(ioctl, 0, 0x5412), ask(ioctl, 0, 0x541c), ask(ioctl, 0, 0x5401)]).toEqual([
      'errno 1',
      'errno 1',
      'allow',
    ]);
  });

  test('answers another machine’s calls as if there were none', () => {
    expect(run(program, { nr: read, arch: 0x40000003 })).toBe('errno 38');
    if (arch === 'x64') expect(ask(0x40000000 + 101)).toBe('errno 38');
  });
});
