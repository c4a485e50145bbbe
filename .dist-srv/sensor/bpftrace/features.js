/** Asks the kernel, through bpftrace, what can be traced here. Needs root. */
import { existsSync, readFileSync } from 'node:fs';
import { which } from '../../base/index.js';
const essential = [
    'sched:sched_process_exec',
    'syscalls:sys_exit_openat',
    'syscalls:sys_exit_connect',
    'raw_syscalls:sys_exit',
];
/** @param isRoot whether bpftrace would run as root. */
export async function bpftraceUsable(exec, isRoot) {
    const program = which('bpftrace');
    if (program === undefined)
        return { usable: false, reason: 'bpftrace is not installed', fix: 'apt-get install bpftrace' };
    if (!isRoot)
        return { usable: false, reason: 'bpftrace needs root', fix: 'run as root: sudo tricordon up' };
    if (tracefs() === undefined && !existsSync(tracePoint)) {
        return {
            usable: false,
            reason: 'the kernel has no tracefs',
            fix: 'use a kernel with CONFIG_FTRACE_SYSCALLS and CONFIG_BPF_EVENTS',
        };
    }
    const listed = await exec(...bpftraceCommand(program, ['-l', 'tracepoint:sched:sched_process_exec']), {
        timeoutMs: 20_000,
    });
    if (listed.status !== 0 || !listed.stdout.includes('sched_process_exec')) {
        return {
            usable: false,
            reason: 'bpftrace finds no tracepoints',
            fix: 'use a kernel with CONFIG_FTRACE_SYSCALLS and CONFIG_BPF_EVENTS',
        };
    }
    return { usable: true };
}
/** @returns undefined when essential tracepoints are missing. */
export async function kernelFeatures(exec) {
    const program = which('bpftrace') ?? 'bpftrace';
    const listed = await exec(...bpftraceCommand(program, ['-l', 'tracepoint:*']), {
        timeoutMs: 30_000,
        maxBytes: 8 << 20,
    });
    const tracepoints = new Set(listed.stdout.split('\n').map((line) => line.trim().replace(/^tracepoint:/, '')));
    if (!essential.every((name) => tracepoints.has(name)))
        return undefined;
    const node = await exec(...bpftraceCommand(program, ['-lv', 'struct kernfs_node']), { timeoutMs: 30_000 });
    return { tracepoints, kernfsParent: /\*__parent;/.test(node.stdout) ? '__parent' : 'parent' };
}
/**
 * The command line that runs bpftrace with tracefs in sight. Where the host has not mounted it, it is mounted for this
 * process alone, in a mount namespace that ends with it: nothing is left behind.
 */
export function bpftraceCommand(program, args) {
    if (tracefs() !== undefined)
        return [program, args];
    const script = `mount -t tracefs tracefs ${tracePoint} && exec "$@"`;
    return ['unshare', ['--mount', '--propagation', 'private', '/bin/sh', '-c', script, 'sh', program, ...args]];
}
const tracePoint = '/sys/kernel/tracing';
/** Where tracefs is mounted. */
export function tracefs() {
    return mountPoint('tracefs');
}
/** Where the v2 cgroup hierarchy is mounted: not at one place on every host. */
export function cgroup2Mount() {
    return mountPoint('cgroup2');
}
function mountPoint(type) {
    try {
        for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
            const [, point, kind] = line.split(' ');
            if (kind === type && point !== undefined)
                return point.replace(/\\040/g, ' ');
        }
    }
    catch {
        // no /proc: nothing can be said
    }
    return undefined;
}
