/** Reads the kernel's own type information (BTF, Documentation/bpf/btf.rst): where a field lies in a structure. */

const structKind = 4;
const unionKind = 5;
/** Bytes that follow a type's twelve, per kind: a fixed part and one per member. */
const sizes: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  1: [4, 0], // integer
  2: [0, 0], // pointer
  3: [12, 0], // array
  4: [0, 12], // structure
  5: [0, 12], // union
  6: [0, 8], // enumeration
  7: [0, 0], // forward
  8: [0, 0], // typedef
  9: [0, 0], // volatile
  10: [0, 0], // const
  11: [0, 0], // restrict
  12: [0, 0], // function
  13: [0, 8], // prototype
  14: [4, 0], // variable
  15: [0, 12], // section
  16: [0, 0], // float
  17: [4, 0], // declaration tag
  18: [0, 0], // type tag
  19: [0, 12], // enumeration of 64 bits
};

export class TypeInformation {
  private readonly bytes: Buffer;
  private readonly strings: Buffer;
  /** Where each type stands, by its number. */
  private readonly at: number[] = [0];
  private readonly byName = new Map<number, number>();

  /** @throws Error when it is not readable as BTF of a little-endian machine. */
  constructor(bytes: Buffer) {
    if (bytes.length < 24 || bytes.readUInt16LE(0) !== 0xeb9f) throw new Error('not type information');
    const header = bytes.readUInt32LE(4);
    const from = header + bytes.readUInt32LE(8);
    const end = from + bytes.readUInt32LE(12);
    const text = header + bytes.readUInt32LE(16);
    if (end > bytes.length || text + bytes.readUInt32LE(20) > bytes.length) throw new Error('it is cut off');
    this.bytes = bytes;
    this.strings = bytes.subarray(text, text + bytes.readUInt32LE(20));
    for (let at = from; at + 12 <= end; ) {
      const info = bytes.readUInt32LE(at + 4);
      const kind = (info >>> 24) & 0x1f;
      const size = sizes[kind];
      if (size === undefined) throw new Error(`unknown kind ${kind}`);
      if (kind === structKind || kind === unionKind) this.byName.set(bytes.readUInt32LE(at), this.at.length);
      this.at.push(at);
      at += 12 + size[0] + size[1] * (info & 0xffff);
    }
  }

  /** Bytes of a structure. @throws Error when there is none of this name. */
  sizeOf(structure: string): number {
    return this.bytes.readUInt32LE(this.position(this.find(structure)) + 8);
  }

  /** The first of these fields that the structure has, in bytes from its start, also within nameless members. */
  offsetOf(structure: string, ...fields: readonly string[]): number {
    const type = this.find(structure);
    for (const field of fields) {
      const bits = this.member(type, field, 0);
      if (bits !== undefined) return bits / 8;
    }
    throw new Error(`\`struct ${structure}\` has no field \`${fields.join('` or `')}\``);
  }

  private find(structure: string): number {
    const name = this.strings.indexOf(`\0${structure}\0`);
    const type = name < 0 ? undefined : this.byName.get(name + 1);
    if (type === undefined) throw new Error(`the kernel has no \`struct ${structure}\``);
    return type;
  }

  private member(type: number, field: string, depth: number): number | undefined {
    const at = this.position(type);
    const info = this.bytes.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 0x1f;
    if ((kind !== structKind && kind !== unionKind) || depth > 8) return undefined;
    for (let n = 0; n < (info & 0xffff); n += 1) {
      const one = at + 12 + n * 12;
      const name = this.text(this.bytes.readUInt32LE(one));
      const offset = this.bytes.readUInt32LE(one + 8);
      // With the flag set, the upper byte is the size of a bit field.
      const bits = info >>> 31 === 1 ? offset & 0xffffff : offset;
      if (name === field) return bits;
      if (name !== '') continue;
      const inner = this.member(this.bytes.readUInt32LE(one + 4), field, depth + 1);
      if (inner !== undefined) return bits + inner;
    }
    return undefined;
  }

  private position(type: number): number {
    const at = this.at[type];
    if (at === undefined || type === 0) throw new Error('a type refers to one that is not there');
    return at;
  }

  private text(offset: number): string {
    const end = this.strings.indexOf(0, offset);
    return this.strings.toString('latin1', offset, end < 0 ? offset : end);
  }
}
