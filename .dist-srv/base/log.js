/** Loggers, one per process and subsystem; fields, not sentences; secrets never reach them. */
import { pino } from 'pino';
import { environment } from './environment.js';
/** Reviewed like a firewall: whatever stands here is replaced before a line is written. */
const redacted = ['authorization', 'cookie', 'token', 'password', 'passphrase', 'key', 'secret', 'privateKey', 'env'];
/** JSON lines on stderr; level by `TRICORDON_LOG_LEVEL` (default `info`). */
export function logger(name, level = environment('TRICORDON_LOG_LEVEL') ?? 'info') {
    return pino({
        name,
        level,
        base: { pid: process.pid },
        redact: {
            paths: [...redacted, ...redacted.map((field) => `*.${field}`), ...redacted.map((field) => `*.*.${field}`)],
            censor: '[redacted]',
        },
    }, pino.destination({ fd: 2, sync: true }));
}
/** For code that may be given no logger. */
export const silent = pino({ level: 'silent' });
