/** The closed list of what the helper does. Adding a verb touches its schema in `protocol.ts`, its entry here, its test. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { exec, isRunning, messageOf, minimalEnvironment, printable, spawnProcess } from '../../base/index.js';
import {
  attestContainer,
  containerEvidence,
  describeProcess,
  planeOptions,
  rungNamed,
  spawnPlane,
  withEyesOf,
} from '../confine/index.js';
import {
  checkBeneath,
  checkContainer,
  checkFrozen,
  checkParents,
  checkPrepared,
  checkProcess,
  checkSpec,
} from './checks.js';
import { glimpse, type RunningLines } from '../../sensor/index.js';
import type { HelperContext } from './context.js';
import { HelperError } from './errors.js';
import { reachOf } from './reach.js';
import { type Answer, answers, MemoryRead, type ProcessRef, type Request, type Verb } from './protocol.js';

type Handlers = {
  readonly [V in Verb]: (request: Extract<Request, { verb: V }>, context: HelperContext) => Promise<Answer<V>>;
};

export const verbs: Handlers = {
  hello: async () => ({ pid: process.pid, uid: process.getuid?.() ?? -1, protocol: 1 }),

  'sensor.probe': async ({ tracer }, { tracers }) => {
    const { usable, reason, fix } = await tracers[tracer].probe();
    return { usable, ...(reason === undefined ? {} : { reason }), ...(fix === undefined ? {} : { fix }) };
  },

  'sensor.start': async ({ session, first, tracer, selection }, context) => {
    checkParents(selection.parents, context);
    // Started by an agent that died: nobody hears it any more.
    const orphaned = [...context.sensors].filter(([number]) => number < first || number >= session);
    for (const [number] of orphaned) context.sensors.delete(number);
    await Promise.allSettled(orphaned.map(([, sensor]) => sensor.stop()));
    if (context.sensors.size >= 3) throw new HelperError('refused', 'more than three sensors at once');
    let running: RunningLines | undefined;
    running = await context.tracers[tracer].start(selection, {
      line: (line) => context.relay({ sensor: session, line }),
      end: (detail) => {
        // Ended by us: it is not the session of this number any more.
        if (running !== undefined && context.sensors.get(session) !== running) return;
        context.sensors.delete(session);
        context.relay({ sensor: session, ended: detail });
      },
    });
    context.sensors.set(session, running);
    return null;
  },

  'sensor.stop': async ({ session }, { sensors }) => {
    const running = sensors.get(session);
    sensors.delete(session);
    await running?.stop();
    return null;
  },

  'capture.probe': async (_, { capture }) => {
    const { rung, passedOver } = await capture();
    return { rung: rung.name, passedOver: [...passedOver] };
  },

  'workload.prepare': async ({ spec }, context) => {
    checkSpec(spec, context);
    const rung = spec.image === null ? (await context.capture()).rung : rungNamed('docker');
    return await rung.prepare(spec);
  },

  'workload.cleanup': async ({ prepared }, context) => {
    checkPrepared(prepared, context);
    await rungNamed(prepared.rung).cleanup(prepared);
    return null;
  },

  'plane.spawn': async ({ prepared, control, log }, context) => {
    checkPrepared(prepared, context);
    checkBeneath(control, `${context.runtimeDir}/p`);
    checkBeneath(log, context.dataDir);
    return await spawnPlane(planeOptions(prepared, { control, log, account: context.agent }));
  },

  pause: async ({ prepared, command }, context) => {
    checkPrepared(prepared, context);
    return { processes: await reachOf(prepared, command).pause() };
  },

  resume: async ({ prepared, command }, context) => {
    checkPrepared(prepared, context);
    return { processes: await reachOf(prepared, command).resume() };
  },

  isolate: async ({ prepared }, context) => {
    checkPrepared(prepared, context);
    await rungNamed(prepared.rung).isolate(prepared);
    return null;
  },

  rejoin: async ({ prepared }, context) => {
    checkPrepared(prepared, context);
    await rungNamed(prepared.rung).rejoin(prepared);
    return null;
  },

  kill: async ({ prepared, command }, context) => {
    checkPrepared(prepared, context);
    return { processes: await reachOf(prepared, command).kill() };
  },

  processes: async ({ prepared, command }, context) => {
    checkPrepared(prepared, context);
    return reachOf(prepared, command).list();
  },

  'processes.look': async ({ prepared, command }, context) => {
    checkPrepared(prepared, context);
    const members = reachOf(prepared, command).list();
    return withEyesOf(prepared.spec, () => members.flatMap(({ pid }) => glimpse(pid) ?? []));
  },

  'process.describe': async ({ prepared, process: one }, context) => {
    checkPrepared(prepared, context);
    checkProcess(one, prepared);
    const described = withEyesOf(prepared.spec, () => describeProcess(one.pid, one.start));
    if (described === undefined) throw new HelperError('failed', `process ${one.pid} is gone`);
    return described;
  },

  'memory.read': async ({ prepared, process: one, into, maxBytes }, context) => {
    checkPrepared(prepared, context);
    checkProcess(one, prepared);
    checkFrozen(one, prepared);
    checkBeneath(into, context.dataDir);
    return await readMemory(one, into, maxBytes, context);
  },

  'code.digest': async ({ prepared, directory }, context) => {
    checkPrepared(prepared, context);
    const { uid, gid } = prepared.spec;
    const said = await asAccount({ uid, gid }, context, 'code-reader.js', [directory]);
    return answers['code.digest'].parse(JSON.parse(said));
  },

  'container.attest': async ({ prepared, process: one }, context) => {
    checkPrepared(prepared, context);
    checkContainer(prepared);
    checkProcess(one, prepared);
    return await attestContainer(prepared, one);
  },

  'container.evidence': async ({ prepared }, context) => {
    checkPrepared(prepared, context);
    checkContainer(prepared);
    return await containerEvidence(prepared);
  },
};

/** Root opens the memory, the agent's account reads it through that descriptor and writes the file. */
async function readMemory(
  one: ProcessRef,
  into: string,
  maxBytes: number,
  context: HelperContext,
): Promise<Answer<'memory.read'>> {
  let maps: string;
  let memory: number;
  try {
    maps = readFileSync(`/proc/${one.pid}/maps`, 'utf8');
    memory = openSync(`/proc/${one.pid}/mem`, 'r');
  } catch (cause) {
    throw new HelperError('failed', `the memory of process ${one.pid} cannot be opened`, { cause });
  }
  try {
    // Opened, the descriptor stays with this process even if the pid is given to another: check once more, then read.
    if (!isRunning(one.pid, one.start)) throw new HelperError('failed', `process ${one.pid} is gone`);
    const [file, args] = accountCommand(context.agent, context, 'memory-writer.js', [into, String(maxBytes)]);
    const child = spawnProcess(file, args, {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe', memory],
      env: minimalEnvironment(),
    });
    let said = '';
    let complaint = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      if (said.length < 4_096) said += chunk.toString('utf8');
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaint.length < 4_096) complaint += chunk.toString('utf8');
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(maps);
    const status = await new Promise<number | null>((resolve) => {
      child.on('error', () => resolve(null));
      child.on('close', resolve);
    });
    if (status !== 0) throw new HelperError('failed', `memory not written: ${printable(complaint.trim(), 200)}`);
    return MemoryRead.parse(JSON.parse(said));
  } finally {
    closeSync(memory);
  }
}

async function asAccount(account: Account, context: HelperContext, program: string, args: string[]): Promise<string> {
  const [file, words] = accountCommand(account, context, program, args);
  const done = await exec(file, words, { cwd: '/', timeoutMs: 120_000, maxBytes: 64 << 20 });
  if (done.status !== 0) throw new HelperError('failed', `${messageOf(done.stderr.trim() || 'ended early')}`);
  return done.stdout;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

function accountCommand(account: Account, context: HelperContext, program: string, args: string[]): [string, string[]] {
  return [
    'setpriv',
    [
      ...[`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--no-new-privs'],
      ...['--bounding-set=-all', '--inh-caps=-all', '--ambient-caps=-all', '--'],
      ...[context.nodePath, `${context.programDir}/dist/agent/confine/${program}`, ...args],
    ],
  ];
}
