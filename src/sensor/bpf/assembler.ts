/** Writes eBPF instructions (RFC 9669): eight bytes each, jumps to names. */

export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
export type Width = 1 | 2 | 4 | 8;
/** A register, or a constant of 32 bits. */
export type Operand = { readonly r: Register } | number;

/** Functions of the kernel by number (`enum bpf_func_id`). */
export const helper = {
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  ktime: 5,
  tailCall: 12,
  pidTgid: 14,
  uidGid: 15,
  comm: 16,
  task: 35,
  cgroupId: 80,
  readUser: 112,
  readKernel: 113,
  readUserText: 114,
  readKernelText: 115,
  ringOutput: 130,
} as const;

const widths: Readonly<Record<Width, number>> = { 4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18 };
const arithmetic = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
} as const;
const conditions = {
  eq: 0x10,
  gt: 0x20,
  ge: 0x30,
  set: 0x40,
  ne: 0x50,
  sgt: 0x60,
  sge: 0x70,
  lt: 0xa0,
  le: 0xb0,
  slt: 0xc0,
  sle: 0xd0,
} as const;

export class Assembler {
  private readonly words: { code: number; dst: number; src: number; offset: number; value: number; to?: string }[] = [];
  private readonly labels = new Map<string, number>();
  private fresh = 0;

  /** A name for a jump that is not used elsewhere. */
  name(hint: string): string {
    this.fresh += 1;
    return `${hint}${this.fresh}`;
  }

  label(name: string): void {
    this.labels.set(name, this.words.length);
  }

  /** 64-bit arithmetic: `dst = dst OPERATION by`. */
  do(operation: keyof typeof arithmetic, dst: Register, by: Operand): void {
    if (typeof by === 'number') this.put(0x07 | arithmetic[operation], dst, 0, 0, by);
    else this.put(0x0f | arithmetic[operation], dst, by.r, 0, 0);
  }

  /** `dst = from`; a 32-bit constant is sign-extended. */
  mov(dst: Register, from: Operand): void {
    this.do('mov', dst, from);
  }

  /** Drops the upper half of a register. */
  truncate(dst: Register): void {
    this.put(0xbc, dst, dst, 0, 0);
  }

  load(width: Width, dst: Register, base: Register, offset: number): void {
    this.put(0x61 | widths[width], dst, base, offset, 0);
  }

  store(width: Width, base: Register, offset: number, from: Operand): void {
    if (typeof from === 'number') this.put(0x62 | widths[width], base, 0, offset, from);
    else this.put(0x63 | widths[width], base, from.r, offset, 0);
  }

  /** `*(u64 *)(base + offset) += from`, in one step for all processors. */
  atomicAdd(base: Register, offset: number, from: Register): void {
    this.put(0xdb, base, from, offset, 0);
  }

  constant(dst: Register, value: bigint): void {
    this.put(0x18, dst, 0, 0, Number(BigInt.asIntN(32, value)));
    this.put(0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n)));
  }

  /** The address of a map, given its descriptor. */
  map(dst: Register, descriptor: number): void {
    this.put(0x18, dst, 1, 0, descriptor);
    this.put(0, 0, 0, 0, 0);
  }

  jump(to: string): void {
    this.put(0x05, 0, 0, 0, 0, to);
  }

  /** Jumps when the 64-bit comparison holds. */
  when(left: Register, condition: keyof typeof conditions, right: Operand, to: string): void {
    if (typeof right === 'number') this.put(0x05 | conditions[condition], left, 0, 0, right, to);
    else this.put(0x0d | conditions[condition], left, right.r, 0, 0, to);
  }

  call(which: keyof typeof helper): void {
    this.put(0x85, 0, 0, 0, helper[which]);
  }

  exit(): void {
    this.mov(0, 0);
    this.put(0x95, 0, 0, 0, 0);
  }

  bytes(): Buffer {
    const out = Buffer.alloc(this.words.length * 8);
    for (const [at, { code, dst, src, offset, value, to }] of this.words.entries()) {
      let distance = offset;
      if (to !== undefined) {
        const target = this.labels.get(to);
        if (target === undefined) throw new Error(`a jump leads to \`${to}\`, which is nowhere`);
        distance = target - at - 1;
      }
      out.writeUInt8(code, at * 8);
      out.writeUInt8((src << 4) | dst, at * 8 + 1);
      out.writeInt16LE(distance, at * 8 + 2);
      out.writeInt32LE(value | 0, at * 8 + 4);
    }
    return out;
  }

  private put(code: number, dst: number, src: number, offset: number, value: number, to?: string): void {
    this.words.push({ code, dst, src, offset, value, ...(to === undefined ? {} : { to }) });
  }
}
