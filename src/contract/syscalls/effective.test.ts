import { describe, expect, test } from 'vitest';
import { parseContract } from '../parse.js';
import { listedSyscalls } from './effective.js';
import { floorNames, floorOf } from './floors.js';
import { syscallNames } from './names.js';

const head = 'apiVersion: tricordon/v1\nkind: Contract\nservice: a\nmode: { runtime: audit, network: off, api: off }\n';
const problem = (syscalls: string): string => {
  try {
    parseContract(`${head}runtime:\n  syscalls: ${syscalls}\n`);
    return 'none';
  } catch (error) {
    return String(error);
  }
};

describe('system calls of a contract', () => {
  test('floors name only system calls that Linux has, once each, and what every program needs', () => {
    const known = new Set(syscallNames);
    expect(known.size).toBe(syscallNames.length);
    for (const name of floorNames) {
      const floor = [...(floorOf(name) ?? [])];
      expect(floor.filter((call) => !known.has(call))).toEqual([]);
      expect(floor).toEqual(
        expect.arrayContaining(['execve', 'exit', 'exit_group', 'rt_sigreturn', 'restart_syscall']),
      );
      for (const never of [
        'ptrace',
        'mount',
        'bpf',
        'clone3',
        'io_uring_setup',
        'kexec_load',
        'unshare',
        'init_module',
      ])
        expect(floor).not.toContain(never);
    }
  });

  test('are floor and additions without removals', () => {
    expect(listedSyscalls({ add: ['write', 'read'], remove: ['write'] })).toEqual(['read']);
    expect(listedSyscalls({ base: 'go', remove: ['kill'] })).not.toContain('kill');
    expect(listedSyscalls({ remove: ['kill'] })).toEqual([]);
  });

  test('a typo or an unknown base is told with its place and what was meant', () => {
    expect(problem('{ base: node20, add: [io_uring_setup], remove: [ptrace] }')).toBe('none');
    expect(problem('{ base: nod20 }')).toMatch(/line 6.*did you mean `node20`\? Known are glibc-minimal, static, go, /);
    expect(problem('{ base: cobol }')).toMatch(/`cobol`, which is not known.*Known are/);
    expect(problem('{ add: [opennat] }')).toMatch(/line 6.*`opennat`.*did you mean `openat`\?/);
    expect(problem('{ base: go, remove: [wriite] }')).toMatch(/did you mean `write`\?/);
  });
});
