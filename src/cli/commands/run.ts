import { resolve } from 'node:path';
import {
  accountNamed,
  codeOf,
  environment,
  inheritedEnvironment,
  messageOf,
  processFacts,
  systemClock,
} from '../../base/index.js';
import {
  agree,
  launchOf,
  Order,
  OrderResult,
  StartedAnswer,
  WorkloadPlan,
  type WorkloadRequest,
} from '../../agent/index.js';
import { askAgent, followAgent } from '../agent-socket.js';
import { CliError, type Command, type Invocation, list, text } from '../command.js';
import { type Held, startCommand, startContainer } from '../held.js';
import { containerEnvironment, imageRequest } from '../image.js';
import { operator, programPlace, workloadAccount } from '../accounts.js';
import { believed } from '../held-contract.js';
import { addressAndPort, type Installation, locate } from '../installation.js';
import { alive, readState } from '../state-file.js';
import { parseCall } from '../calls.js';
import { z } from 'zod';

const Nothing = z.unknown();

const longestStartMs = 60_000;

/** The status of what SIGKILL ended. */
const killed = 128 + 9;

/** Wraps a command or a container; ends with its exit status (128 + number when a signal ended it). */
export const command: Command = async (invocation) => {
  const installation = locate(invocation);
  const socket = agentSocket(installation);
  const request = await requestOf(invocation, installation);
  const variables = containerEnvironment(list(invocation, 'env'), environment);
  const { output } = invocation;
  const plan = await onceItAnswers(installation, output.progress, () =>
    askAgent(socket, 'POST', '/workloads', request, WorkloadPlan),
  );
  for (const notice of plan.notices) output.warn(notice);
  if (plan.published !== null) output.progress(`published on http://${plan.published.address}:${plan.published.port}`);
  return hold(socket, request, plan, variables, output.progress);
};

/** `up` may be starting its agent, for the first time or again: that is waited for as long as `up` itself lives. */
async function onceItAnswers<T>(
  { dataDir }: Installation,
  say: (line: string) => void,
  ask: () => Promise<T>,
): Promise<T> {
  const until = systemClock.now() + longestStartMs;
  for (let said = false; ; said = true) {
    try {
      return await ask();
    } catch (error) {
      const supervisor = readState(dataDir)?.supervisor;
      const starting = supervisor !== undefined && alive(supervisor) && systemClock.now() < until;
      if (!starting || codeOf(error) !== 'not-running') throw error;
      if (!said) say('the agent of this host is starting …');
    }
    await new Promise((resume) => setTimeout(resume, 200));
  }
}

/** Starts the command or container, passes signals on, carries out the agent's orders, and says how it ended. */
async function hold(
  socket: string,
  request: WorkloadRequest,
  plan: WorkloadPlan,
  environment: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<number> {
  const { uid, gid, cwd, nodePath, programDir } = request;
  const owner = { uid, gid, cwd, nodePath, programDir, tracer: plan.tracer };
  let contract = believed(plan.contract, request.service);
  let child: Held | undefined;
  let restarting = false;
  let stopping = false;
  const listening = new AbortController();

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, () => {
      stopping ||= signal === 'SIGINT' || signal === 'SIGTERM';
      child?.signal(signal);
    });
  }
  void listen(); // before the start, which may take long for a container: the agent gives up what nobody holds
  let outcome: number;
  try {
    child = await start();
    if (stopping) child.signal('SIGTERM');
    await announce(child);
    outcome = await child.ended;
  } catch (error) {
    // Unattested is unprotected: the command must not go on.
    child?.signal('SIGKILL');
    await child?.ended;
    listening.abort();
    await askAgent(socket, 'POST', `/workloads/${plan.workload}/ended`, { status: null }, Nothing).catch(() => {});
    throw error;
  }
  while (restarting && !stopping) {
    await new Promise((resume) => setTimeout(resume, 20));
    if (!restarting) outcome = await child.ended;
  }
  listening.abort();
  await askAgent(socket, 'POST', `/workloads/${plan.workload}/ended`, { status: outcome }, Nothing).catch(() => {});
  return outcome;

  async function start(): Promise<Held> {
    if (request.image !== null) {
      agree(plan.prepared, owner);
      return await startContainer(plan, request, environment, say);
    }
    // Without native calls there is no launcher that could lay rules on the command; coverage says so.
    const holding = plan.prepared.seccomp ? contract : null;
    const launch = launchOf(plan.prepared, { ...owner, contract: holding !== null });
    const env = { ...inheritedEnvironment(), ...plan.environment, ...launch.env };
    return startCommand(launch, request.command, env, say, holding);
  }

  async function announce(held: Held): Promise<void> {
    if (held.process === undefined) return; // it ended at once; its exit status says the rest
    try {
      const body = { ...held.process, held: await held.rules };
      await askAgent(socket, 'POST', `/workloads/${plan.workload}/started`, body, StartedAnswer);
    } catch (error) {
      if (!held.running() || processFacts(held.process.pid) === undefined) return;
      // It may be on its way out, which the agent saw before us: what ended by itself was not ended by this.
      held.signal('SIGKILL');
      if ((await held.ended) !== killed) return;
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

  async function startAgain(next: Order['contract']): Promise<OrderResult> {
    let again: Held | undefined;
    try {
      contract = believed(next, request.service);
      again = await start();
      child = again;
      await announce(again);
      const { pid = null, start: begun = null } = again.process ?? {};
      return { ok: pid !== null, detail: 'started again', pid, start: begun };
    } catch (error) {
      again?.signal('SIGKILL');
      return { ok: false, detail: messageOf(error), pid: null, start: null };
    } finally {
      restarting = false;
    }
  }

  async function obey(order: Order): Promise<void> {
    let result: OrderResult = { ok: true, detail: 'ended', pid: null, start: null };
    if (order.order === 'stop') {
      stopping = true;
      child?.signal('SIGTERM');
    } else if (!stopping) {
      restarting = true;
      if (order.order === 'quit' && child !== undefined) await quit(child);
      child?.signal('SIGKILL');
      // Not awaited for `end`: a paused tracer keeps the dead command from being reaped until the agent ends it as well.
      if (order.order === 'restart') {
        await child?.ended;
        result = await startAgain(order.contract);
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

async function requestOf(invocation: Invocation, installation: Installation): Promise<WorkloadRequest> {
  const service = text(invocation, 'service');
  const port = Number(text(invocation, 'port') ?? 'missing');
  if (service === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new CliError('usage', 'which service is it, and which port does it bind?', {
      hint: 'tricordon run --service NAME --port PORT -- COMMAND',
    });
  }
  const user = text(invocation, 'user');
  const name = text(invocation, 'image');
  if (name !== undefined && !installation.rootMode)
    throw new CliError('prerequisite', 'containers are protected in root mode only', { hint: 'use sudo tricordon …' });
  const container = name === undefined ? undefined : await imageRequest(name, invocation.arguments);
  if (container === undefined && invocation.arguments.length === 0)
    throw new CliError('usage', 'which command, or which image?', { hint: 'end with -- COMMAND, or give --image' });
  const own = user === undefined ? container?.account : undefined;
  const account = own ?? (await workloadAccount(user, installation.rootMode, accountNamed));
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
    command: container?.command ?? [...invocation.arguments],
    cwd: container === undefined ? cwd : '/',
    codeDirectory: container === undefined ? resolve(code) : null,
    image: container?.image ?? null,
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

/** Asks it to end by itself; what takes longer is ended. */
async function quit(held: Held): Promise<void> {
  held.signal('SIGTERM');
  await Promise.race([held.ended, new Promise((late) => setTimeout(late, 8_000).unref())]);
}
