import { describe, expect, test } from 'vitest';
import { addressFamilies, refusedCalls } from '../seccomp-filter.js';
import { seccompProfile } from './seccomp-profile.js';

interface Profile {
  readonly defaultAction: string;
  readonly architectures: readonly string[];
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly errnoRet: number;
    readonly args?: readonly {
      readonly index: number;
      readonly value: number;
      readonly valueTwo?: number;
      readonly op: string;
    }[];
  }[];
}

describe.each([
  ['x64', 'SCMP_ARCH_X86_64'],
  ['arm64', 'SCMP_ARCH_AARCH64'],
] as const)('the profile for %s', (arch, named) => {
  const profile = seccompProfile(arch) as Profile; // what the Engine reads is JSON without a schema of ours
  /** What the kernel would do, by the rules of libseccomp: the first rule that fits refuses. */
  const ask = (name: string, ...args: number[]): number => {
    for (const rule of profile.syscalls) {
      if (!rule.names.includes(name)) continue;
      const fits = (rule.args ?? []).every(({ index, value, valueTwo = 0, op }) => {
        const given = BigInt(args[index] ?? 0);
        if (op === 'SCMP_CMP_GT') return given > BigInt(value);
        return op === 'SCMP_CMP_EQ' ? given === BigInt(value) : (given & BigInt(value)) === BigInt(valueTwo);
      });
      if (fits) return rule.errnoRet;
    }
    return 0;
  };

  test('holds one architecture, and refuses every call that the filter of commands refuses', () => {
    expect([profile.defaultAction, profile.architectures]).toEqual(['SCMP_ACT_ALLOW', [named]]);
    for (const [name, [, arm64]] of Object.entries(refusedCalls)) {
      if (arch === 'x64' || arm64 !== null) expect([name, ask(name)]).toEqual([name, 1]);
    }
    expect([ask('read'), ask('execve'), ask('clone', 0x11), ask('clone', 0x3d0f00)]).toEqual([0, 0, 0, 0]);
  });

  test('lets nobody make a namespace, and hides clone3', () => {
    for (const flag of [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
      expect(ask('clone', flag | 0x11)).toBe(1);
    expect(ask('clone3')).toBe(38);
  });

  test('gives out Unix, IP and netlink sockets only, whatever stands in the high bits', () => {
    expect(addressFamilies.map((family) => ask('socket', family))).toEqual(addressFamilies.map(() => 0));
    for (const family of [0, 3, 17, 38, 40, 44, 45, 46, 2 ** 32 + 17])
      expect([family, ask('socket', family)]).toEqual([family, 97]);
  });

  test('keeps characters from being pushed into the terminal, whatever stands in the high bits', () => {
    expect([ask('ioctl', 0, 0x5412), ask('ioctl', 0, 2 ** 32 + 0x541c), ask('ioctl', 0, 0x5401)]).toEqual([1, 1, 0]);
  });
});
