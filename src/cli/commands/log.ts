import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, systemClock } from '../../base/index.js';
import { ServiceName } from '../../model/index.js';
import { CliError, type Command, exitCode, flag, type Invocation, text } from '../command.js';
import { locate } from '../installation.js';
import { type LogChunk, logPaths, readLog } from '../logs/log-file.js';
import { type Level, type LogLine, levels, parseLogLine, shown, wanted } from '../logs/log-line.js';

const ours = ['control', 'agent', 'helper'] as const;

/** Prints logs in the order of their times; what is printed while they are followed comes as it is written. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const asked = invocation.arguments[0];
  const { dataDir } = locate(invocation);
  const [since, least] = [sinceOf(invocation), levelOf(invocation)];
  const logs = new Map<string, { readonly name: string; read: LogChunk | undefined }>();
  for (const name of asked === undefined ? ours : [checked(asked)])
    for (const path of logPaths(dataDir, name)) logs.set(path, { name, read: undefined });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

  const found = await more();
  if ([...logs.values()].every(({ read }) => read === undefined))
    throw new CliError('not-running', `there is no log of \`${asked ?? ours.join(', ')}\` in \`${dataDir}\``, {
      hint: 'name control, agent, helper, gateway or a service of tricordon.yaml, and the installation with --data-dir',
    });
  for (const { line } of found.sort((one, other) => one.at - other.at)) print(line);
  while (flag(invocation, 'follow') && !stop.signal.aborted) {
    await sleep(200, undefined, { signal: stop.signal }).catch(() => {});
    for (const { line } of await more()) print(line);
  }
  return exitCode.done;

  async function more(): Promise<{ readonly line: LogLine; readonly at: number }[]> {
    const lines: { readonly line: LogLine; readonly at: number }[] = [];
    for (const [path, log] of logs) {
      const read = await readLog(path, log.read).catch((error: unknown) => {
        throw unreadable(path, error);
      });
      if (read === undefined) continue;
      log.read = read;
      // What carries no time, a crash's trace for instance, stays behind the line before it.
      let at = 0;
      for (const raw of read.lines) {
        const line = parseLogLine(log.name, raw);
        at = line.at ?? at;
        if (wanted(line, since, least)) lines.push({ line, at });
      }
    }
    return lines;
  }

  function print(line: LogLine): void {
    output.row({ schemaVersion: 1, ...line }, () => shown(line));
  }
};

function unreadable(path: string, error: unknown): CliError {
  const code = codeOf(error) ?? 'unknown';
  return new CliError('refused', `the log \`${path}\` cannot be read (${code})`, {
    hint:
      code === 'EACCES'
        ? 'use the account that ran `tricordon up` (sudo?)'
        : 'it is a link or no regular file: who put it there?',
    cause: error,
  });
}

function checked(name: string): string {
  if (ServiceName.safeParse(name).success) return name;
  throw new CliError('usage', `\`${name}\` is not the name of a process or service`, {
    hint: 'use control, agent, helper, gateway or the name of a service',
  });
}

function sinceOf(invocation: Invocation): number | undefined {
  const written = text(invocation, 'since');
  if (written === undefined) return undefined;
  const seconds = Number(written);
  if (written.trim() !== '' && seconds >= 0) return systemClock.now() - seconds * 1_000;
  throw new CliError('usage', `\`${written}\` is not a number of seconds`, { hint: 'write --since 3600 for one hour' });
}

function levelOf(invocation: Invocation): Level | undefined {
  const written = text(invocation, 'level');
  const level = levels.find((one) => one === written);
  if (written === undefined || level !== undefined) return level;
  throw new CliError('usage', `there is no level \`${written}\``, { hint: `use one of ${levels.join(', ')}` });
}
