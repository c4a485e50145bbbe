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
export function straceArguments(options) {
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
