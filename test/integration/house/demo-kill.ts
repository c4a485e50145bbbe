/** One process of the demo is killed; how the demo ended, and what the next command found. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DemoReport, unseenWithoutGap } from './demo-report.js';
import { commandLine, type Done, eventually, leftOf, type Runner, start, tricordon } from './support.js';

declare module 'vitest' {
  interface TaskMeta {
    /** How the demo ended, in a line: stands in the recorded result. */
    outcome?: string;
  }
}

export interface Stage {
  readonly runner: Runner;
  /** Where the demo lives, and its runtime directory: both are gone in the end. */
  readonly base: string;
  readonly runtime: string;
}

/** Who dies: a supervised process, `gateway`, a service's command, or with ` sidecar` behind it that one. */
export type Victim = string;

/**
 * Kills `victim` after the demo said `after`. The demo holds in every point, or ends and says why; it never hangs, and
 * the next command removes whatever is left. Returns how it ended.
 */
export async function killedDuringDemo(stage: Stage, victim: Victim, after: string): Promise<string> {
  const demo = start(stage.runner, ['demo', '--headless', '-o', 'json']);
  await demo.until((_, err) => (err.includes(after) ? true : undefined));
  const pid = await eventually(() =>
    victim === 'demo' ? demo.child.pid : demo.child.exitCode === null ? pidOf(stage, victim) : -1,
  );
  expect(pid, `the demo ended before ${victim} was found: ${demo.stderr()}`).toBeGreaterThan(0);
  process.kill(pid, 'SIGKILL');
  const done = await demo.done;
  const outcome = outcomeOf(victim, done);

  await tricordon(stage.runner, ['status']);
  for (const place of [stage.base, stage.runtime]) {
    expect(existsSync(place), done.stderr).toBe(false);
    expect(await leftOf(place, ''), done.stderr).toEqual([]);
  }
  return outcome;
}

function outcomeOf(victim: Victim, done: Done): string {
  if (victim === 'demo') {
    expect(done.signal).toBe('SIGKILL');
    return 'killed; the next command removed it';
  }
  const said = [...new Set(done.stderr.split('\n').filter((line) => /^(error|warning): /.test(line)))];
  if (done.status !== 0) {
    expect(said, done.stderr).not.toEqual([]);
    return `exit ${done.status}: ${(said.findLast((line) => line.startsWith('error')) ?? said.join('; ')).trim()}`;
  }
  const report = DemoReport.parse(JSON.parse(done.stdout));
  expect(unseenWithoutGap(report)).toEqual([]);
  return `exit 0, everything held${said.length === 0 ? '' : `: ${said.join('; ')}`}`;
}

interface Known {
  supervisor?: { pid: number };
  processes?: { name: string; pid: number }[];
  workloads?: { request: { service: string }; plane: { sidecar: { pid: number } }; process: { pid: number } | null }[];
  gateway?: { sidecar: { pid: number } } | null;
}

function pidOf({ base }: Stage, victim: Victim): number | undefined {
  const { supervisor, processes } = read(join(base, 'house/state.json'));
  if (victim === 'up') return supervisor?.pid;
  const { workloads, gateway } = read(join(base, 'house/agent/state.json'));
  const [name, part] = victim.split(' ');
  const workload = workloads?.find((record) => record.request.service === name);
  const pid =
    victim === 'gateway'
      ? gateway?.sidecar.pid
      : part === 'sidecar'
        ? workload?.plane.sidecar.pid
        : (processes?.find((entry) => entry.name === name)?.pid ?? workload?.process?.pid);
  return pid === undefined || commandLine(pid) === '' ? undefined : pid;
}

function read(path: string): Known {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Known; // our own files
  } catch {
    return {};
  }
}
