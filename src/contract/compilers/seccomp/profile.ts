/** A seccomp profile as OCI runtimes, Docker and Podman read it. */
import { z } from 'zod';
import type { Contract } from '../../../model/index.js';
import { listedSyscalls } from '../../syscalls/effective.js';

const names = z.array(z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/)).min(1);

export const Profile = z.strictObject({
  defaultAction: z.enum(['SCMP_ACT_ERRNO', 'SCMP_ACT_LOG']),
  defaultErrnoRet: z.literal(1).optional(),
  archMap: z.array(z.strictObject({ architecture: z.string(), subArchitectures: z.array(z.string()) })).min(1),
  syscalls: z.array(
    z.discriminatedUnion('action', [
      z.strictObject({ names, action: z.literal('SCMP_ACT_ALLOW') }),
      z.strictObject({ names, action: z.literal('SCMP_ACT_ERRNO'), errnoRet: z.int().min(1).max(133) }),
    ]),
  ),
});
export type Profile = z.infer<typeof Profile>;

const [EPERM, ENOSYS] = [1, 38] as const;

/** 32-bit programs get the same names; most of what they call has others, and is refused. */
const archMap: Profile['archMap'] = [
  { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
  { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
];

/** undefined: the contract does not manage system calls, or the layer is off. */
export function profileOf({ runtime, mode }: Contract): Profile | undefined {
  if (runtime?.syscalls === undefined || mode.runtime === 'off') return undefined;
  const listed = listedSyscalls(runtime.syscalls);
  const allowed: Profile['syscalls'] = listed.length === 0 ? [] : [{ names: [...listed], action: 'SCMP_ACT_ALLOW' }];
  if (mode.runtime !== 'enforce') return { defaultAction: 'SCMP_ACT_LOG', archMap, syscalls: allowed };
  // glibc falls back to clone(2) on ENOSYS and on nothing else: with EPERM no thread starts.
  const absent: Profile['syscalls'] = listed.includes('clone3')
    ? []
    : [{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS }];
  return { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: EPERM, archMap, syscalls: [...allowed, ...absent] };
}

export function profileText(profile: Profile): string {
  return `${JSON.stringify(profile, null, 2)}\n`;
}
