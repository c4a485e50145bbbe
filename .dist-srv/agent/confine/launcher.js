/**
 * Process entry: loads the system call filter and becomes COMMAND. `node launcher.js COMMAND ARGS`. Exit status as shells
 * have it: 127 not found, 126 not executable, 125 when the filter cannot be loaded: then nothing is started.
 */
import { accessSync, constants, statSync, writeSync } from 'node:fs';
import { environment, inheritedEnvironment, messageOf, printable } from '../../base/index.js';
import { seccompFilter } from './seccomp-filter.js';
const [, , command, ...words] = process.argv;
if (command === undefined)
    fail(125, 'no command');
const file = find(command);
try {
    await become(file, [command, ...words]);
}
catch (error) {
    fail(125, messageOf(error));
}
async function become(path, argv) {
    if (process.arch !== 'x64' && process.arch !== 'arm64')
        fail(125, `no system call filter for ${process.arch}`);
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const prctl = libc.func('int prctl(int option, size_t a, size_t b, size_t c, size_t d)');
    const fcntl = libc.func('int fcntl(int fd, int command, ...)');
    const signal = libc.func('void *signal(int number, size_t handler)');
    const execve = libc.func('int execve(const char *path, const char **argv, const char **envp)');
    const program = seccompFilter(process.arch);
    const environmentLines = Object.entries(inheritedEnvironment()).map(([name, value]) => `${name}=${value}`);
    // struct sock_fprog { unsigned short len; struct sock_filter *filter; }
    const header = Buffer.alloc(16);
    header.writeUInt16LE(program.length / 8, 0);
    header.writeBigUInt64LE(BigInt(koffi.address(program)), 8);
    // Node ignores SIGPIPE, and an ignored signal stays ignored over exec: the command gets the default back.
    signal(13, 0);
    // Node marks its standard streams close-on-exec at start (F_SETFD without FD_CLOEXEC takes that back).
    for (const fd of [0, 1, 2])
        fcntl(fd, 2, 'int', 0);
    if (prctl(38, 1, 0, 0, 0) !== 0)
        fail(125, 'the kernel refused no-new-privileges');
    if (prctl(22, 2, Number(koffi.address(header)), 0, 0) !== 0)
        fail(125, 'the kernel refused the system call filter');
    execve(path, [...argv, null], [...environmentLines, null]);
    fail(126, `cannot execute \`${printable(path)}\``);
}
/** As execvp(3): a name with a slash is a path, others are looked up on PATH. */
function find(name) {
    if (name.includes('/')) {
        const problem = unfit(name);
        return problem === undefined ? name : fail(problem, `cannot execute \`${printable(name)}\``);
    }
    let status = 127;
    for (const folder of (environment('PATH') ?? '/usr/local/bin:/usr/bin:/bin').split(':')) {
        const candidate = `${folder === '' ? '.' : folder}/${name}`;
        const problem = unfit(candidate);
        if (problem === undefined)
            return candidate;
        if (problem === 126)
            status = 126;
    }
    return fail(status, status === 127 ? `\`${printable(name)}\` not found` : `cannot execute \`${printable(name)}\``);
}
function unfit(path) {
    try {
        if (!statSync(path).isFile())
            return 126;
    }
    catch {
        return 127;
    }
    try {
        accessSync(path, constants.X_OK);
        return undefined;
    }
    catch {
        return 126;
    }
}
function fail(status, message) {
    writeSync(2, `tricordon: ${message}\n`);
    process.exit(status);
}
