import { closeSync, openSync, readFileSync } from 'node:fs';
import { codeOf, minimalEnvironment, spawnProcess } from '../../base/index.js';
import { entryOf, stopAll } from '../state-file.js';
export function supervise(spec, events) {
    let child;
    let current;
    let stopping = false;
    let failures = 0;
    function start() {
        const out = openSync(`${spec.log}.out`, 'w', 0o600);
        const log = openSync(spec.log, 'a', 0o600);
        const startedAt = performance.now();
        const started = spawnProcess(spec.file, spec.args, {
            cwd: spec.cwd,
            detached: true,
            stdio: ['ignore', out, log, ...(spec.channel === undefined ? [] : ['pipe'])],
            env: minimalEnvironment(spec.env ?? {}),
            ...(spec.uid === undefined ? {} : { uid: spec.uid }),
            ...(spec.gid === undefined ? {} : { gid: spec.gid }),
        });
        closeSync(out);
        closeSync(log);
        child = started;
        current = started.pid === undefined ? undefined : entryOf(spec.name, started.pid);
        const end = started.stdio[3];
        if (spec.channel !== undefined && end !== null && end !== undefined && 'write' in end)
            spec.channel(end);
        let ended = false;
        const gone = (why) => {
            if (ended)
                return;
            ended = true;
            current = undefined;
            if (stopping)
                return;
            failures = performance.now() - startedAt > 10_000 ? 0 : failures + 1;
            events.restarting(spec.name, why);
            setTimeout(() => {
                if (stopping)
                    return;
                start();
                events.changed();
            }, Math.min(5_000, 100 * 2 ** failures)).unref();
        };
        started.on('error', (error) => gone(error.message));
        started.on('exit', (status, signal) => gone(signal ?? `exit status ${status}`));
    }
    return {
        name: spec.name,
        start,
        entry: () => current,
        ready: async (timeoutMs) => {
            const deadline = performance.now() + timeoutMs;
            for (;;) {
                const line = firstLine(`${spec.log}.out`);
                if (line !== undefined)
                    return JSON.parse(line);
                if (performance.now() > deadline)
                    throw new Error(`${spec.name} was not ready after ${timeoutMs / 1000} s; see ${spec.log}`);
                await new Promise((resolve) => setTimeout(resolve, 25));
            }
        },
        stop: async (graceMs) => {
            stopping = true;
            const entry = current;
            if (entry !== undefined)
                await stopAll([entry], graceMs);
            child?.unref();
        },
    };
}
function firstLine(path) {
    try {
        const text = readFileSync(path, 'utf8');
        const end = text.indexOf('\n');
        return end < 0 ? undefined : text.slice(0, end);
    }
    catch (error) {
        if (codeOf(error) === 'ENOENT')
            return undefined;
        throw error;
    }
}
