/** What `run` holds in the foreground: a command, or a container; to signals, orders and exit status they are one. */
import { once } from 'node:events';
import { type HeldRules, type Launch, runContainer, type WorkloadPlan, type WorkloadRequest } from '../agent/index.js';
import { messageOf, processFacts, spawnProcess } from '../base/index.js';
import type { ContractVersion } from '../model/index.js';
import { handOver } from './held-contract.js';

export interface Held {
  /** Undefined when it ended at once. */
  readonly process: { readonly pid: number; readonly start: number } | undefined;
  signal(name: NodeJS.Signals): void;
  /** 0 to 255 as a shell would say it: 128 and the number when a signal ended it. */
  readonly ended: Promise<number>;
  running(): boolean;
  /** The rules that the launcher laid on it, once it said so; null: none. */
  readonly rules: Promise<HeldRules | null>;
}

export function startCommand(
  launch: Launch,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  say: (line: string) => void,
  contract: ContractVersion | null,
): Held {
  const [program = ''] = command;
  const child = spawnProcess(launch.file, [...launch.args, ...command], {
    stdio: contract === null ? 'inherit' : ['inherit', 'inherit', 'inherit', 'pipe'],
    env,
    cwd: '/',
  });
  const start = child.pid === undefined ? undefined : processFacts(child.pid)?.start;
  const ended = new Promise<number>((settle) => {
    child.once('exit', (status, signal) => settle(status ?? 128 + signalNumber(signal)));
    child.once('error', (error) => {
      say(`cannot start \`${program}\`: ${error.message}`);
      settle(127);
    });
  });
  return {
    process: child.pid === undefined || start === undefined ? undefined : { pid: child.pid, start },
    signal: (name) => void child.kill(name),
    ended,
    running: () => child.exitCode === null && child.signalCode === null && child.pid !== undefined,
    rules: contract === null ? Promise.resolve(null) : handOver(child, contract),
  };
}

/** How long a container may take to end by itself: its first process ignores what it has no handler for (pid 1). */
const graceMs = 8_000;

export async function startContainer(
  plan: WorkloadPlan,
  request: WorkloadRequest,
  environment: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<Held> {
  const options = {
    command: request.command,
    environment: { ...environment, ...plan.environment },
    imageName: request.image?.name ?? '',
  };
  const container = await runContainer(plan.prepared, options, async (stream, piece) => {
    const to = stream === 'stdout' ? process.stdout : process.stderr;
    if (!to.write(piece)) await once(to, 'drain');
  });
  let over = false;
  let killing: NodeJS.Timeout | undefined;
  const ended = container.ended.finally(() => {
    over = true;
    clearTimeout(killing);
  });
  const send = (name: NodeJS.Signals) =>
    container.signal(name).catch((error: unknown) => say(`${name} did not reach the container: ${messageOf(error)}`));
  return {
    process: container.process,
    signal: (name) => {
      void send(name);
      if (name === 'SIGTERM' || name === 'SIGINT') killing ??= setTimeout(() => void send('SIGKILL'), graceMs);
    },
    ended,
    running: () => !over,
    rules: Promise.resolve(null),
  };
}

function signalNumber(name: NodeJS.Signals | null): number {
  const numbers: Readonly<Record<string, number>> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGQUIT: 3,
    SIGILL: 4,
    SIGABRT: 6,
    SIGFPE: 8,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGPIPE: 13,
    SIGTERM: 15,
  };
  return numbers[name ?? ''] ?? 1;
}
