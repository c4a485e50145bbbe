/** Loggers, one per process and subsystem; fields, not sentences; secrets never reach them. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { environment } from './environment.js';

export type { Logger } from 'pino';

/** Reviewed like a firewall: whatever stands here is replaced before a line is written. */
const redacted = ['authorization', 'cookie', 'token', 'password', 'passphrase', 'key', 'secret', 'privateKey', 'env'];

/** JSON lines on stderr; level by `TRICORDON_LOG_LEVEL` (default `info`). */
export function logger(
  name: string,
  level = environment('TRICORDON_LOG_LEVEL') ?? 'info',
  destination: DestinationStream = logDestination(2),
): Logger {
  return pino(
    {
      name,
      level,
      base: { pid: process.pid },
      redact: {
        paths: [...redacted, ...redacted.map((field) => `*.${field}`), ...redacted.map((field) => `*.*.${field}`)],
        censor: '[redacted]',
      },
      hooks: { streamWrite: inPlainCharacters },
    },
    destination,
  );
}

/**
 * JSON leaves in strings what a terminal acts on when somebody looks at the file: DEL, C1 controls, overrides of the writing
 * direction. The same value, written as `\uNNNN`.
 */
function inPlainCharacters(line: string): string {
  return line.replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A log that cannot be written never ends what writes it: lines wait, up to a bound, for room on the disk. */
export function logDestination(fd: number): DestinationStream {
  const destination = pino.destination({ fd, sync: true, maxLength: 1 << 20 });
  destination.on('error', () => {});
  return destination;
}

/** For code that may be given no logger. */
export const silent: Logger = pino({ level: 'silent' });
