import { isAbsolute, resolve } from 'node:path';
import { accountNamed, inheritedEnvironment, messageOf, processFacts, spawnProcess } from '../../base/index.js';
import { launchOf, Order, OrderResult, StartedAnswer, WorkloadPlan, type WorkloadRequest } from '../../agent/index.js';
import { askAgent, followAgent } from '../agent-socket.js';
import { CliError, type Command, type Invocation, list, text } from '../command.js';
import { operator, programPlace, workloadAccount } from '../accounts.js';
import { addressAndPort, type Installation, locate } from '../installation.js';
import { alive, readState } from '../state-file.js';
import { parseCall } from '../calls.js';
import { z } from 'zod';

const Nothing = z.unknown();

/** Wraps a command; ends with its exit status (128 + number when a signal ended it). */
export const command: Command = async (invocation) => {
  const installation = locate(invocation);
  const socket = agentSocket(installation);
  const request = await requestOf(invocation, installation);
  const plan = await askAgent(socket, 'POST', '/workloads', request, WorkloadPlan);
  const { output } = invocation;
  for (const notice of plan.notices) output.warn(notice);
  if (plan.published !== null) output.progress(`published on http://${plan.published.address}:${plan.published.port}`);
  return hold(socket, request, plan, output.progress);
};

/** Starts the command, passes signals on, carries out the agent's orders, and says how it ended. */
async function hold(
  socket: string,
  request: WorkloadRequest,
  plan: WorkloadPlan,
  say: (line: string) => void,
): Promise<number> {
  const launch = launchOf(plan.prepared, {
    uid: request.uid,
    gid: request.gid,
    cwd: request.cwd,
    nodePath: request.nodePath,
    programDir: request.programDir,
    tracer: plan.tracer,
  });
  const env = { ...inheritedEnvironment(), ...plan.environment, ...launch.env };
  let child = start();
  let restarting = false;
  let stopping = false;
  const listening = new AbortController();
  void listen();

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, () => {
      stopping ||= signal === 'SIGINT' || signal === 'SIGTERM';
      child.kill(signal);
    });
  }

  try {
    await announce();
  } catch (error) {
    // Unattested is unprotected: the command must not go on.
    child.kill('SIGKILL');
    await ended(child);
    listening.abort();
    await askAgent(socket, 'POST', `/workloads/${plan.workload}/ended`, { status: null }, Nothing).catch(() => {});
    throw error;
  }
  let outcome = await ended(child);
  while (restarting && !stopping) {
    await new Promise((resume) => setTimeout(resume, 20));
    if (!restarting) outcome = await ended(child);
  }
  listening.abort();
  await askAgent(socket, 'POST', `/workloads/${plan.workload}/ended`, { status: outcome }, Nothing).catch(() => {});
  return outcome;

  function start() {
    const [program = ''] = request.command;
    const started = spawnProcess(launch.file, [...launch.args, ...request.command], {
      stdio: 'inherit',
      env,
      cwd: '/',
    });
    started.on('error', (error) => say(`cannot start \`${program}\`: ${error.message}`));
    return started;
  }

  async function announce(): Promise<void> {
    const { pid } = child;
    const start = pid === undefined ? undefined : processFacts(pid)?.start;
    if (pid === undefined || start === undefined) return; // it ended at once; its exit status says the rest
    try {
      await askAgent(socket, 'POST', `/workloads/${plan.workload}/started`, { pid, start }, StartedAnswer);
    } catch (error) {
      if (child.exitCode !== null || child.signalCode !== null || processFacts(pid) === undefined) return;
      throw error;
    }
  }

  async function listen(): Promise<void> {
    while (!listening.signal.aborted) {
      await followAgent(socket, `/workloads/${plan.workload}/orders`, listening.signal, (value) => {
        const order = Order.safeParse(value);
        if (order.success) void obey(order.data);
      });
      await new Promise((resume) => setTimeout(resume, 200)); // the agent is being restarted: ask again
    }
  }

  async function startAgain(): Promise<OrderResult> {
    child = start();
    const { pid } = child;
    const begun = pid === undefined ? undefined : processFacts(pid)?.start;
    try {
      await announce();
      return { ok: pid !== undefined, detail: 'started again', pid: pid ?? null, start: begun ?? null };
    } catch (error) {
      child.kill('SIGKILL');
      return { ok: false, detail: messageOf(error), pid: null, start: null };
    } finally {
      restarting = false;
    }
  }

  async function obey(order: Order): Promise<void> {
    let result: OrderResult = { ok: true, detail: 'ended', pid: null, start: null };
    if (order.order === 'stop') {
      stopping = true;
      child.kill('SIGTERM');
    } else if (!stopping) {
      restarting = true;
      child.kill('SIGKILL');
      // Not awaited for `end`: a paused tracer keeps the dead command from being reaped until the agent ends it as well.
      if (order.order === 'restart') {
        await ended(child);
        result = await startAgain();
      }
    }
    await askAgent(
      socket,
      'POST',
      `/workloads/${plan.workload}/orders/${order.id}`,
      OrderResult.parse(result),
      Nothing,
    ).catch(() => {});
  }
}

/** 0 to 255 as a shell would say it. */
function ended(child: ReturnType<typeof spawnProcess>): Promise<number> {
  return new Promise((settle) => {
    const status = () => child.exitCode ?? (child.signalCode === null ? 1 : 128 + signalNumber(child.signalCode));
    if (child.exitCode !== null || child.signalCode !== null) return settle(status());
    child.once('exit', () => settle(status()));
    child.once('error', () => settle(127));
  });
}

function signalNumber(name: NodeJS.Signals): number {
  return (
    {
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
    }[name as string] ?? 1
  );
}

async function requestOf(invocation: Invocation, installation: Installation): Promise<WorkloadRequest> {
  const service = text(invocation, 'service');
  const port = Number(text(invocation, 'port') ?? 'missing');
  if (service === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new CliError('usage', 'which service is it, and which port does it bind?', {
      hint: 'tricordon run --service NAME --port PORT -- COMMAND',
    });
  }
  const account = await workloadAccount(text(invocation, 'user'), installation.rootMode, accountNamed);
  const publish = text(invocation, 'publish');
  const code = text(invocation, 'code') ?? '.';
  const cwd = process.cwd();
  const state = readState(installation.dataDir);
  const place = programPlace(state);
  return {
    service,
    port,
    publish: publish === undefined ? null : addressAndPort(publish),
    calls: list(invocation, 'calls').map(parseCall),
    command: [...invocation.arguments],
    cwd,
    codeDirectory: isAbsolute(code) ? code : resolve(code),
    operator: operator(),
    uid: account.uid,
    gid: account.gid,
    ...place,
  };
}

function agentSocket(installation: Installation): string {
  const state = readState(installation.dataDir);
  if (state === undefined || !state.processes.some((entry) => entry.name === 'agent' && alive(entry))) {
    if (state === undefined || !alive(state.supervisor)) {
      throw new CliError('not-running', `nothing runs in \`${installation.dataDir}\``, {
        hint: 'start it first: tricordon up',
      });
    }
  }
  if (state !== undefined && state.rootMode !== installation.rootMode) {
    throw new CliError(
      'prerequisite',
      state.rootMode ? 'this installation runs as root' : 'this installation runs as an ordinary user',
      {
        hint: state.rootMode ? 'use sudo tricordon run …' : 'run it as that user',
      },
    );
  }
  return state?.agentSocket ?? '';
}
