/** One line of a log: of our own processes as JSON, of a service as it was printed. Pure. */
import { printable } from '../../base/index.js';

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof levels)[number];

export interface LogLine {
  readonly process: string;
  /** Ms since 1970; null for what carries no time of its own. */
  readonly at: number | null;
  /** Null for what is no log line of ours. */
  readonly level: Level | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const longest = 8_192;

export function parseLogLine(process: string, line: string): LogLine {
  const plain: LogLine = { process, at: null, level: null, message: printable(line, longest), fields: {} };
  if (!line.startsWith('{') || line.length > longest * 8) return plain;
  try {
    const { level, time, msg, name: _name, pid: _pid, ...fields } = JSON.parse(line) as Record<string, unknown>; // its values are looked at below
    const named = typeof level === 'number' ? levels[level / 10 - 1] : undefined;
    if (named === undefined || typeof time !== 'number') return plain;
    return { process, at: time, level: named, message: printable(typeof msg === 'string' ? msg : '', longest), fields };
  } catch {
    return plain;
  }
}

/** What carries neither time nor level passes: it is a service's own output, and nobody knows when it was said. */
export function wanted(line: LogLine, since: number | undefined, least: Level | undefined): boolean {
  if (since !== undefined && line.at !== null && line.at < since) return false;
  return least === undefined || line.level === null || levels.indexOf(line.level) >= levels.indexOf(least);
}

export function shown({ process, at, level, message, fields }: LogLine): string {
  const time = at === null ? '' : `${new Date(at).toISOString()} `;
  const more = Object.entries(fields).map(
    ([key, value]) => `${key}=${printable(typeof value === 'string' ? value : JSON.stringify(value), 2_000)}`,
  );
  return [`${time}${process}${level === null ? '' : ` ${level}`}`, message, ...more]
    .filter((part) => part !== '')
    .join('  ');
}
