import { type Rule, who } from './rule.js';

/** Runtimes try `io_uring_setup`, `clone3` or `rseq` and go on without; nobody asks for these by accident. */
const telling = new Set(
  (
    'ptrace process_vm_readv process_vm_writev mount umount2 move_mount open_tree fsopen fsmount pivot_root chroot setns ' +
    'unshare bpf keyctl add_key request_key init_module finit_module delete_module kexec_load kexec_file_load ' +
    'userfaultfd perf_event_open open_by_handle_at reboot swapon swapoff settimeofday clock_settime'
  ).split(' '),
);

export const deniedSyscall: Rule = {
  id: 'RT-007',
  title: 'A system call for breaking out was refused',
  layer: 'runtime',
  severity: 'high',
  tactic: 'TA0004',
  technique: 'T1611',
  description:
    'The kernel refused a system call of the filter before it ran. Only calls that change namespaces, mounts, modules or ' +
    'other processes count; runtimes probe the rest for features.',
  kinds: ['denied-syscall'],
  match(observation) {
    const { event } = observation;
    if (event.kind !== 'denied-syscall' || event.name === undefined || !telling.has(event.name)) return undefined;
    return { title: `${who(observation)} was refused the system call ${event.name}`, detail: `number ${event.number}` };
  },
  examples: {
    hit: [[{ kind: 'denied-syscall', number: 101, name: 'ptrace' }]],
    miss: [
      { kind: 'denied-syscall', number: 425, name: 'io_uring_setup' },
      { kind: 'denied-syscall', number: 435, name: 'clone3' },
      { kind: 'denied-syscall', number: 9_999 },
    ],
  },
};
