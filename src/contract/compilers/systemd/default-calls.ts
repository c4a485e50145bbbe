/**
 * What systemd 252 lets pass whatever an allowing `SystemCallFilter=` says: `systemd-analyze syscall-filter @default`, without
 * the names of 32-bit programs and other architectures.
 */
export const defaultCalls: readonly string[] = `
  arch_prctl brk clock_getres clock_gettime clock_nanosleep execve exit exit_group futex futex_waitv get_robust_list
  get_thread_area getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getrandom getresgid getresuid getrlimit getsid
  gettid gettimeofday getuid membarrier mmap mprotect munmap nanosleep pause prlimit64 restart_syscall rseq rt_sigreturn
  sched_getaffinity sched_yield set_robust_list set_thread_area set_tid_address time uretprobe
`
  .trim()
  .split(/\s+/);
