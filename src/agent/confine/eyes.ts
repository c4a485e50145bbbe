/** Reading what the kernel shows of another user's process only to that user, or to who may trace everybody. */
import { readFileSync } from 'node:fs';

const capSysPtrace = 19n; // capabilities(7), linux/capability.h

/** Root of a container often lacks CAP_SYS_PTRACE: then even root cannot read the links in `/proc/PID` of other users. */
export function mayTraceOthers(status = readFileSync('/proc/self/status', 'utf8')): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> capSysPtrace) & 1n) === 1n;
}

/**
 * Looks at something as that user where root alone may not (proc(5), ptrace access mode): our effective ids are the user's
 * while `look` runs. It must not wait: everything else that this process does would run as that user, too.
 */
export function withEyesOf<T>({ uid, gid }: { readonly uid: number; readonly gid: number }, look: () => T): T {
  if (process.getuid?.() !== 0 || mayTraceOthers()) return look();
  try {
    process.setegid?.(gid);
    process.seteuid?.(uid);
    return look();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
