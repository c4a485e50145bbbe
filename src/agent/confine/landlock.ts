/** Landlock (landlock(7), linux/landlock.h): rules on files that a process lays on itself and all its children for ever. */

/** Rights on files; the number after each is the version of the kernel's interface that brought it. */
export const rights = {
  execute: 1 << 0, // 1
  writeFile: 1 << 1,
  readFile: 1 << 2,
  readDir: 1 << 3,
  removeDir: 1 << 4,
  removeFile: 1 << 5,
  makeChar: 1 << 6,
  makeDir: 1 << 7,
  makeReg: 1 << 8,
  makeSock: 1 << 9,
  makeFifo: 1 << 10,
  makeBlock: 1 << 11,
  makeSym: 1 << 12,
  refer: 1 << 13, // 2
  truncate: 1 << 14, // 3
} as const;

/** What a rule on something that is not a folder may say. */
const ofFiles = rights.execute | rights.writeFile | rights.readFile | rights.truncate;

/** The same numbers on x86-64 and arm64. */
const calls = { create: 444, add: 445, restrict: 446 } as const;
const EBADFD = 77;

export interface Kernel {
  /** syscall(2): the result, or the negative error number. */
  call(number: number, first: number | bigint, second: number | bigint, third: number | bigint, fourth: number): number;
  /** The address of a buffer, for a pointer argument. */
  addressOf(buffer: Buffer): bigint;
  /** A descriptor that only names (O_PATH), and whether it is a folder; the negative error number otherwise. */
  name(path: string): { readonly descriptor: number; readonly folder: boolean } | number;
  close(descriptor: number): void;
}

export interface Ruleset {
  /** Rights that are refused unless a rule grants them. */
  readonly handled: number;
  readonly grants: readonly { readonly path: string; readonly rights: number }[];
}

/** The version of the interface; 0 where this kernel has none or it is switched off. */
export function landlockVersion(kernel: Pick<Kernel, 'call'>): number {
  return Math.max(0, kernel.call(calls.create, 0, 0, 1, 0));
}

/** Those of the rights that a kernel of this version knows: others in a ruleset would make it refuse the whole. */
export function knownRights(version: number): number {
  if (version <= 0) return 0;
  const all = (1 << 13) - 1;
  return all | (version >= 2 ? rights.refer : 0) | (version >= 3 ? rights.truncate : 0);
}

/**
 * Lays the ruleset on the calling thread. There is no way back, and it needs no-new-privileges. What cannot be
 * named (it vanished since the rules were made) is passed over: then less is granted, never more.
 *
 * @returns how many rules stand
 * @throws Error when the kernel refuses a step: then nothing may be started
 */
export function restrictSelf(kernel: Kernel, ruleset: Ruleset): number {
  const attributes = rulesetAttributes(ruleset.handled);
  const set = kernel.call(calls.create, kernel.addressOf(attributes), attributes.length, 0, 0);
  if (set < 0) throw new Error(`the kernel refused the file rules (error ${-set})`);
  let standing = 0;
  for (const { path, rights: wanted } of ruleset.grants) {
    const named = kernel.name(path);
    if (typeof named === 'number') continue;
    const granted = wanted & ruleset.handled & (named.folder ? ~0 : ofFiles);
    const rule = ruleAttributes(granted, named.descriptor);
    const added = granted === 0 ? 0 : kernel.call(calls.add, set, 1, kernel.addressOf(rule), 0);
    kernel.close(named.descriptor);
    // A pipe or a socket: no rule is needed, the kernel does not restrict what has no place in the tree.
    if (added === -EBADFD) continue;
    if (added < 0) throw new Error(`the kernel refused the file rule for \`${path}\` (error ${-added})`);
    standing += 1;
  }
  const done = kernel.call(calls.restrict, set, 0, 0, 0);
  kernel.close(set);
  if (done < 0) throw new Error(`the kernel refused to be bound by the file rules (error ${-done})`);
  return standing;
}

/** struct landlock_ruleset_attr { __u64 handled_access_fs; }: its later fields may be left off. */
export function rulesetAttributes(handled: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(handled), 0);
  return buffer;
}

/** struct landlock_path_beneath_attr { __u64 allowed_access; __s32 parent_fd; }, packed. */
export function ruleAttributes(allowed: number, descriptor: number): Buffer {
  const buffer = Buffer.alloc(12);
  buffer.writeBigUInt64LE(BigInt(allowed), 0);
  buffer.writeInt32LE(descriptor, 8);
  return buffer;
}
