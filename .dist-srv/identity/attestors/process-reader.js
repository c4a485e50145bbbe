/** What an attestor must see of a process. A port: reading another account's process takes the privileged helper. */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { commandLineOf, executableOf, processFacts } from '../../base/index.js';
export const procfs = {
    facts: processFacts,
    executable: executableOf,
    commandLine: commandLineOf,
    workingDirectory: (pid) => attempt(() => readlinkSync(`/proc/${pid}/cwd`)),
    uid: (pid) => attempt(() => Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? statSync(`/proc/${pid}`).uid)),
    cgroups: (pid) => attempt(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8')),
    session: (pid) => attempt(() => {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
    }),
};
function attempt(read) {
    try {
        return read();
    }
    catch {
        return undefined;
    }
}
