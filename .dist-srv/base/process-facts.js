/** What `/proc` says of a process; every reader returns undefined when the process is gone. */
import { readFileSync, readlinkSync } from 'node:fs';
export function processFacts(pid) {
    const stat = read(`/proc/${pid}/stat`);
    if (stat === undefined)
        return undefined;
    const open = stat.indexOf('(');
    const close = stat.lastIndexOf(')');
    if (open < 0 || close < 0)
        return undefined;
    const rest = stat.slice(close + 2).split(' ');
    return {
        pid,
        comm: stat.slice(open + 1, close),
        state: rest[0] ?? '?',
        ppid: Number(rest[1]),
        start: Number(rest[19]),
    };
}
/** True while exactly this process (same pid and start time) runs and is no zombie. */
export function isRunning(pid, start) {
    const facts = processFacts(pid);
    return facts !== undefined && facts.start === start && facts.state !== 'Z' && facts.state !== 'X';
}
/** The path of the v2 cgroup (`0::`), or undefined. */
export function cgroupOf(pid) {
    return /^0::(.*)$/m.exec(read(`/proc/${pid}/cgroup`) ?? '')?.[1];
}
/** The executable as the kernel has it, ` (deleted)` kept; undefined without the right to read it. */
export function executableOf(pid) {
    try {
        return readlinkSync(`/proc/${pid}/exe`);
    }
    catch {
        return undefined;
    }
}
export function commandLineOf(pid) {
    const text = read(`/proc/${pid}/cmdline`);
    if (text === undefined)
        return undefined;
    return text.replace(/\0$/, '').split('\0');
}
function read(path) {
    try {
        return readFileSync(path, 'utf8');
    }
    catch {
        return undefined;
    }
}
