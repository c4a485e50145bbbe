/** Runs programs: always an argument array, bounded output, a time-out, an abort signal; never a shell. */
import { spawn as nodeSpawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { environment, minimalEnvironment } from './environment.js';
export const exec = (file, args, options = {}) => new Promise((resolve) => {
    const limit = options.maxBytes ?? 1 << 20;
    const child = nodeSpawn(file, [...args], {
        env: options.env ?? minimalEnvironment(),
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.uid === undefined ? {} : { uid: options.uid }),
        ...(options.gid === undefined ? {} : { gid: options.gid }),
        ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' }),
    });
    const out = collector(limit);
    const err = collector(limit);
    let timedOut = false;
    let failure;
    const timer = setTimeout(() => {
        timedOut = true;
        child.kill('SIGKILL');
    }, options.timeoutMs ?? 30_000);
    child.stdout.on('data', out.add);
    child.stderr.on('data', err.add);
    child.stdin.on('error', () => { });
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
        failure = error;
        if (child.pid === undefined)
            finish(null, null);
    });
    child.on('close', finish);
    let done = false;
    function finish(status, signal) {
        if (done)
            return;
        done = true;
        clearTimeout(timer);
        resolve({
            status,
            signal,
            stdout: out.text(),
            stderr: err.text(),
            truncated: out.truncated() || err.truncated(),
            timedOut,
            ...(failure === undefined ? {} : { error: failure }),
        });
    }
});
/** Starts a program that lives on. The caller owns it: listen for `error` and `exit`. */
export function spawnProcess(file, args, options) {
    return nodeSpawn(file, [...args], { env: minimalEnvironment(), ...options, shell: false });
}
/** The absolute path of a program on `PATH` (and the sbin folders), or undefined. */
export function which(program) {
    const folders = [
        ...(environment('PATH') ?? '').split(delimiter),
        '/usr/local/sbin',
        '/usr/sbin',
        '/sbin',
        '/usr/bin',
        '/bin',
    ];
    for (const folder of folders) {
        if (!folder.startsWith('/'))
            continue;
        const candidate = join(folder, program);
        try {
            accessSync(candidate, constants.X_OK);
            if (statSync(candidate).isFile())
                return candidate;
        }
        catch {
            // not in this folder
        }
    }
    return undefined;
}
function collector(limit) {
    const chunks = [];
    let size = 0;
    let over = false;
    return {
        add: (chunk) => {
            const room = limit - size;
            if (chunk.length > room)
                over = true;
            if (room <= 0)
                return;
            const kept = chunk.subarray(0, room);
            chunks.push(kept);
            size += kept.length;
        },
        text: () => Buffer.concat(chunks).toString('utf8'),
        truncated: () => over,
    };
}
