/**
 * Process entry: `node memory-writer.js FILE MAX-BYTES` with the maps on stdin and `/proc/PID/mem` as fd 3. The helper
 * opens the memory as root and starts this as the agent's account: root itself never writes where others choose.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { messageOf } from '../../base/index.js';
import { copyMemory } from './memory.js';
const [, , path = '', limit = ''] = process.argv;
try {
    const into = openSync(path, 'wx', 0o600);
    const done = copyMemory(readFileSync(0, 'utf8'), 3, into, Number(limit));
    closeSync(into);
    process.stdout.write(JSON.stringify(done));
}
catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
}
