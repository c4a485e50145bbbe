import { linesOf, partsOf, refuses } from '../parts.js';
import type { CompiledTarget, TargetInput } from '../target.js';
import { profileOf, profileText } from './profile.js';

const wide = 'read-only file systems, and the rules for programs and files of Docker, systemd or our agent';

const teller = 'the sensor of our agent';

/** System calls and nothing else: a filter sees numbers and registers, not the memory behind a pointer. */
export function compile({ contract }: TargetInput): CompiledTarget {
  const lines = linesOf('seccomp');
  if (refuses(lines, contract, 'runtime', teller)) {
    for (const part of partsOf(contract, 'runtime')) {
      if (part.section === 'runtime.syscalls')
        lines.exact(part, 'what is not listed fails with EPERM, `clone3` with ENOSYS so that libraries use `clone`');
      else lines.impossible(part, reasonFor(part.section), wide);
    }
  }
  const profile = profileOf(contract);
  return {
    artefacts: profile === undefined ? [] : [{ file: `${contract.service}.seccomp.json`, text: profileText(profile) }],
    diagnostics: lines.all,
  };
}

function reasonFor(section: string): string {
  if (section === 'runtime.executables' || section === 'runtime.files' || section === 'deny')
    return 'a profile cannot name programs or files: it sees the address of a path, not the path';
  return 'a profile holds system calls and nothing else';
}
