/**
 * The image of the container that only holds a workload's network namespace: one program of ours, written byte by byte,
 * that waits for ever. No shell, no library, nothing to attack and nothing to download.
 */
import type { FilterArch } from '../seccomp-filter.js';

export const holderProgram = '/hold';

/** Name of the image; another program would have to have another one. */
export function holderTag(arch: FilterArch): { readonly repo: string; readonly tag: string } {
  return { repo: 'tricordon-holder', tag: `1-${arch}` };
}

/** An archive (POSIX.1-1988 ustar) with the program as its only file. */
export function holderArchive(arch: FilterArch): Buffer {
  const program = holderElf(arch);
  const header = Buffer.alloc(512);
  const field = (text: string, at: number) => header.write(text, at, 'latin1');
  field(holderProgram.slice(1), 0);
  field('0000555\0', 100);
  field('0000000\0', 108);
  field('0000000\0', 116);
  field(`${program.length.toString(8).padStart(11, '0')}\0`, 124);
  field('00000000000\0', 136);
  field('        ', 148);
  field('0', 156);
  field('ustar\x0000', 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  field(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc(512 - (program.length % 512));
  // Two empty blocks end an archive.
  return Buffer.concat([header, program, padding, Buffer.alloc(1_024)]);
}

/**
 * x64: `mov eax, 34; syscall; jmp` back, pause(2). arm64 has no pause(2): `ppoll(NULL, 0, NULL, NULL, 0)`, number 73, which
 * waits as long.
 */
const code: Readonly<Record<FilterArch, Buffer>> = {
  x64: Buffer.from('b8220000000f05ebf7', 'hex'),
  arm64: Buffer.concat(
    [
      0xd2800000, // mov x0, #0
      0xd2800001, // mov x1, #0
      0xd2800002, // mov x2, #0
      0xd2800003, // mov x3, #0
      0xd2800004, // mov x4, #0
      0xd2800928, // mov x8, #73
      0xd4000001, // svc #0
      0x17fffff9, // b -7 instructions
    ].map((word) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(word);
      return bytes;
    }),
  ),
};

/** A static ELF64 executable: file header, one loadable segment, the code (System V ABI, gABI 4.1, chapters 4 and 5). */
export function holderElf(arch: FilterArch): Buffer {
  const text = code[arch];
  const [headerSize, programHeaderSize, base] = [64, 56, 0x400000];
  const start = headerSize + programHeaderSize;
  const file = Buffer.alloc(start + text.length);
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  file.writeUInt16LE(2, 16); // an executable
  file.writeUInt16LE(arch === 'x64' ? 62 : 183, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(base + start), 24); // entry
  file.writeBigUInt64LE(BigInt(headerSize), 32); // program headers
  file.writeUInt16LE(headerSize, 52);
  file.writeUInt16LE(programHeaderSize, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // read and execute
  file.writeBigUInt64LE(BigInt(base), 80);
  file.writeBigUInt64LE(BigInt(base), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x10000n, 112); // arm64 kernels may have pages of 64 KiB
  text.copy(file, start);
  return file;
}
