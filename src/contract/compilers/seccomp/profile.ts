/** A seccomp profile as OCI runtimes, Docker and Podman read it. */
import { z } from 'zod';
import type { Contract } from '../../../model/index.js';
import { listedSyscalls } from '../../syscalls/effective.js';

const names = z.array(z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/)).min(1);

/** CLONE_THREAD of clone(2): a thread of the same process, not another process. */
const thread = 0x1_0000;
const onlyThreads = z.tuple([
  z.strictObject({
    index: z.literal(0),
    value: z.literal(thread),
    valueTwo: z.literal(thread),
    op: z.literal('SCMP_CMP_MASKED_EQ'),
  }),
]);

export const Profile = z.strictObject({
  defaultAction: z.enum(['SCMP_ACT_ERRNO', 'SCMP_ACT_LOG']),
  defaultErrnoRet: z.literal(1).optional(),
  archMap: z.array(z.strictObject({ architecture: z.string(), subArchitectures: z.array(z.string()) })).min(1),
  syscalls: z.array(
    z.discriminatedUnion('action', [
      z.strictObject({ names, action: z.literal('SCMP_ACT_ALLOW'), args: onlyThreads.optional() }),
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
  if (mode.runtime !== 'enforce') return { defaultAction: 'SCMP_ACT_LOG', archMap, syscalls: allowing(listed) };
  // Whoever may not wait for a child starts none: then `clone` is for threads, and no shell is started through it.
  const threads =
    listed.includes('clone') && !['wait4', 'waitid', 'fork', 'vfork'].some((name) => listed.includes(name));
  const allowed = threads
    ? [...allowing(listed.filter((name) => name !== 'clone')), ...allowing(['clone'], [threadArgument])]
    : allowing(listed);
  // glibc falls back to clone(2) on ENOSYS and on nothing else: with EPERM no thread starts.
  const absent: Profile['syscalls'] = listed.includes('clone3')
    ? []
    : [{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS }];
  return { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: EPERM, archMap, syscalls: [...allowed, ...absent] };
}

const threadArgument = { index: 0, value: thread, valueTwo: thread, op: 'SCMP_CMP_MASKED_EQ' } as const;

function allowing(listed: readonly string[], args?: [typeof threadArgument]): Profile['syscalls'] {
  if (listed.length === 0) return [];
  return [{ names: [...listed], action: 'SCMP_ACT_ALLOW', ...(args === undefined ? {} : { args }) }];
}

export function profileText(profile: Profile): string {
  return `${JSON.stringify(profile, null, 2)}\n`;
}
