/**
 * Floors of system calls by language: what a program of it calls whatever it is for. Seen with `strace -f -qq` on Linux 6.1,
 * glibc 2.36, x86_64 (November 2026): each program serves and asks for HTTP on a socket, resolves a name, uses UDP, a Unix
 * socket and threads, writes, renames, locks, lists and removes files, allocates until it collects, takes a signal, ends.
 *
 * Left out although seen: `clone3` (its flags cannot be looked at; whoever gets "no such call" uses `clone`), `io_uring_*` (what
 * goes through a ring is not filtered; Node.js does without), `setpriority`. Not in a floor: starting other programs
 * (`wait4`, `vfork`, `dup2`...), which a contract adds; without them `clone` is for threads where a target can tell.
 */
import { nearestName } from '../nearest-name.js';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** `/bin/true` and a C program that reads a file, sleeps and takes a signal. */
const libc = words(`
  access arch_prctl brk clock_nanosleep close execve exit_group getpid getrandom gettid getuid ioctl mmap
  mprotect munmap newfstatat openat pread64 prlimit64 read rseq rt_sigaction set_robust_list set_tid_address
  tgkill write
`);

/**
 * Called seldom, at the end, after a signal or under memory pressure, so that a trace may miss them: libc(7), signal(7),
 * futex(2); malloc gives memory back with `madvise` and `mremap`; `membarrier`, `getcpu` and `sched_*` are for runtimes.
 */
const seldom = words(`
  clock_getres clock_gettime close_range dup exit fcntl fstat futex futex_waitv getcpu getcwd getegid geteuid getgid
  get_robust_list getpgid getpgrp getppid getresgid getresuid getrlimit getrusage getsid gettimeofday lseek madvise
  membarrier mincore mremap nanosleep readv restart_syscall rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend
  rt_sigtimedwait sched_getaffinity sched_yield sigaltstack statx sysinfo time times uname writev
`);

/**
 * What runc 1.1 calls between loading a profile and starting the program: without them no container starts. With
 * no-new-privileges it drops capabilities and users before.
 */
const start = words(`
  capget capset chdir clone epoll_ctl epoll_pwait faccessat2 fchdir fstatfs getdents64 getgroups prctl setgid setgroups setuid
  statfs
`);

/** aarch64 and newer C libraries have only the right-hand forms; who may do one may do the other. */
const spelled: Readonly<Record<string, readonly string[]>> = {
  accept: ['accept4'],
  access: ['faccessat', 'faccessat2'],
  chmod: ['fchmodat'],
  chown: ['fchownat'],
  dup2: ['dup3'],
  epoll_create: ['epoll_create1'],
  epoll_wait: ['epoll_pwait'],
  fstat: ['newfstatat'],
  link: ['linkat'],
  lstat: ['newfstatat'],
  mkdir: ['mkdirat'],
  newfstatat: ['stat', 'lstat', 'fstat', 'statx'],
  open: ['openat'],
  poll: ['ppoll'],
  pwritev: ['preadv'],
  readlink: ['readlinkat'],
  rename: ['renameat', 'renameat2'],
  renameat: ['renameat2'],
  rmdir: ['unlinkat'],
  symlink: ['symlinkat'],
  unlink: ['unlinkat'],
};

const measured: Readonly<Record<string, readonly string[]>> = {
  /** A C program, dynamically linked, without network. */
  'glibc-minimal': [],
  /** The same linked statically, which loads nothing more. */
  static: words('readlink'),
  /** Go 1.26 without cgo. */
  go: words(`
    accept4 arch_prctl bind clone close connect epoll_create1 epoll_ctl epoll_pwait eventfd2 execve exit_group
    fchmodat fcntl fstat fsync futex getdents64 getpeername getpid getrandom getsockname getsockopt gettid
    getuid kill linkat listen lseek madvise mkdirat mmap nanosleep newfstatat openat prctl pread64 prlimit64
    pwrite64 read readlinkat recvfrom renameat rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity
    sched_yield sendto setsockopt sigaltstack socket symlinkat tgkill truncate uname unlinkat utimensat write
  `),
  /** OpenJDK 17. */
  java: words(`
    accept bind clock_getres connect dup epoll_create1 epoll_ctl epoll_wait eventfd2 exit fchdir fcntl flock
    fsync ftruncate futex getcwd getdents64 geteuid getrusage getsockname getsockopt listen lseek madvise mkdir
    msync poll prctl readlink recvfrom rename rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield sendfile
    sendmmsg setsockopt shutdown socket socketpair statx symlink sysinfo uname unlink writev
  `),
  /** nginx 1.22, master and workers, with a proxy, a reload and logs reopened. */
  nginx: words(`
    accept4 bind chown clone connect dup2 epoll_create epoll_ctl epoll_wait eventfd2 fcntl futex geteuid getppid
    getsockopt listen lseek mkdir prctl pwrite64 readv recvfrom recvmsg rt_sigprocmask rt_sigreturn
    rt_sigsuspend sendmsg setgid setgroups setsockopt setuid socket socketpair sysinfo uname unlink wait4 writev
  `),
  /** Node.js 20.20, with a worker and a file watcher. */
  node20: words(`
    accept4 bind capget chmod connect copy_file_range epoll_create1 epoll_ctl epoll_pwait eventfd2 exit fchmod
    fcntl fdatasync fstat fsync ftruncate futex getcwd getdents64 getegid geteuid getgid getrusage getsockname
    getsockopt inotify_add_watch inotify_init1 inotify_rm_watch kill link listen lseek madvise mkdir pipe2
    pkey_alloc pwritev readlink recvfrom recvmsg rename rmdir rt_sigprocmask rt_sigreturn sched_getaffinity
    sendmsg sendto setsockopt shutdown socket statfs statx symlink sysinfo umask uname unlink utimensat writev
  `),
  /** Node.js 24, the same program. */
  node24: words(`
    accept4 bind capget chmod connect copy_file_range epoll_create1 epoll_ctl epoll_pwait eventfd2 exit fchmod
    fchown fcntl fdatasync fstat fsync ftruncate futex getcwd getdents64 getegid geteuid getgid getrusage
    getsockname getsockopt inotify_add_watch inotify_init1 inotify_rm_watch kill link listen lseek lstat madvise
    mkdir pipe2 prctl pwritev readlink recvfrom recvmsg rename rmdir rt_sigprocmask rt_sigreturn
    sched_getaffinity sched_getparam sched_getscheduler sendmsg sendto setsockopt shutdown socket statfs statx
    symlink sysinfo umask uname unlink unlinkat utimensat writev
  `),
  /** Python 3.11 and 3.13, with threads, asyncio and SQLite. */
  python3: words(`
    accept4 bind chmod connect epoll_create1 epoll_ctl epoll_wait exit fchown fcntl fdatasync flock fsync
    ftruncate futex getcwd getdents64 getegid geteuid getgid getpeername getpgid getrusage getsockname
    getsockopt kill link listen lseek madvise mkdir msync open pipe2 poll pselect6 pwrite64 readlink recvfrom
    rename rmdir rt_sigprocmask rt_sigreturn sched_getaffinity sendfile sendmmsg sendto setitimer setsockopt
    shutdown socket socketpair statfs symlink sysinfo umask uname unlink unlinkat utimensat
  `),
};

const floors = new Map(
  Object.entries(measured).map(([name, own]) => {
    const seen = [...libc, ...seldom, ...start, ...own];
    return [name, new Set([...seen, ...seen.flatMap((call) => spelled[call] ?? [])])] as const;
  }),
);

/** As `runtime.syscalls.base` names them. */
export const floorNames: readonly string[] = [...floors.keys()];

export function floorOf(base: string): ReadonlySet<string> | undefined {
  return floors.get(base);
}

/** What is wrong with a base, in half a sentence; undefined: nothing. */
export function floorProblem(base: string): string | undefined {
  if (floors.has(base)) return undefined;
  const meant = nearestName(base, floorNames);
  const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  return `names the base \`${base}\`, which is not known${hint} Known are ${floorNames.join(', ')}`;
}
