/** How COMMAND is launched under strace, as an ordinary user. */
export interface StraceOptions {
  readonly program: string;
  /** Where the trace goes: a file in a folder that only we can write. Appended to, so that it may be cut when read. */
  readonly output: string;
  /**
   * Stop only at the calls that are traced: far cheaper, but when the tracer dies, those calls fail with ENOSYS in the
   * workload (seccomp(2), SECCOMP_RET_TRACE). Off: the workload goes on untraced, and that is reported.
   */
  readonly seccompBpf?: boolean;
}

/** `?` lets strace pass over what an architecture does not have. */
const calls = [
  'execve',
  'execveat',
  'openat',
  'openat2',
  '?open',
  '?creat',
  'connect',
  'accept4',
  '?accept',
  '?dup2',
  'dup3',
  'chdir',
  '?fork',
  '?vfork',
  'clone',
  '?clone3',
  '?io_uring_setup',
];

/**
 * Program and arguments to put before COMMAND. `-DDD` makes the tracer a detached grandchild in a session of its own: the
 * process that was started becomes COMMAND itself (pid, parent, exit status, signals stay right) and no terminal signal
 * reaches the tracer; killed, it takes nothing with it.
 */
export function straceArguments(options: StraceOptions): readonly string[] {
  return [
    options.program,
    '-DDD',
    '-f',
    '-q',
    '-ttt',
    '-yy',
    '-x',
    '-s',
    '512',
    '-A',
    '-e',
    'signal=none',
    '-e',
    `trace=${calls.join(',')}`,
    ...(options.seccompBpf === true ? ['--seccomp-bpf'] : []),
    '-o',
    options.output,
    '--',
  ];
}
