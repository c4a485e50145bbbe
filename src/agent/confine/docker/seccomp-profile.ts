/** The system call filter of `seccomp-filter.ts` as the Docker Engine wants it: the same refusals, written as JSON. */
import { addressFamilies, type FilterArch, namespaceFlags, refusedCalls, terminalRequests } from '../seccomp-filter.js';

interface Rule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ERRNO';
  readonly errnoRet: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number;
    readonly valueTwo?: number;
    readonly op: 'SCMP_CMP_MASKED_EQ' | 'SCMP_CMP_EQ' | 'SCMP_CMP_GT';
  }[];
}

const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97];
/** The kernel's families end below (AF_MAX); a number above, or with high bits set, is none that anybody needs. */
const lastFamily = 45;

/** Calls of another architecture (x32, 32 bit) end the caller: libseccomp's answer to an architecture not named. */
export function seccompProfile(arch: FilterArch): unknown {
  const names = Object.entries(refusedCalls).flatMap(([name, [, arm64]]) =>
    arch === 'arm64' && arm64 === null ? [] : [name],
  );
  const families = Array.from({ length: lastFamily + 1 }, (_, family) => family).filter(
    (family) => !addressFamilies.includes(family),
  );
  const bits = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((bit) => (namespaceFlags & bit) !== 0);
  const syscalls: Rule[] = [
    { names, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
    // One rule per bit: the language has "equal under a mask", not "any of the mask".
    ...bits.map((bit) => one('clone', EPERM, { index: 0, value: bit, valueTwo: bit, op: 'SCMP_CMP_MASKED_EQ' })),
    ...families.map((family) => one('socket', EAFNOSUPPORT, { index: 0, value: family, op: 'SCMP_CMP_EQ' })),
    one('socket', EAFNOSUPPORT, { index: 0, value: lastFamily, op: 'SCMP_CMP_GT' }),
    // The kernel reads 32 bits of it: what stands above them must not matter here, either.
    ...terminalRequests.map((request) =>
      one('ioctl', EPERM, { index: 1, value: 0xffffffff, valueTwo: request, op: 'SCMP_CMP_MASKED_EQ' }),
    ),
  ];
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: [arch === 'x64' ? 'SCMP_ARCH_X86_64' : 'SCMP_ARCH_AARCH64'],
    syscalls,
  };
}

function one(name: string, errnoRet: number, arg: NonNullable<Rule['args']>[number]): Rule {
  return { names: [name], action: 'SCMP_ACT_ERRNO', errnoRet, args: [arg] };
}
