/** What `run` does for a container: makes it, starts it, carries its output, and says how it ended. */
import { setTimeout as pause } from 'node:timers/promises';
import { isRunning, processFacts } from '../../../base/index.js';
import { ConfineError } from '../errors.js';
import { netnsFacts } from '../netns.js';
import type { Prepared } from '../rung.js';
import { type ContainerOptions, labels, workloadBody } from './container.js';
import { type Engine, openDocker, splitFrames } from './engine.js';

export interface RunningContainer {
  /** Of the first process; undefined when it was over at once. */
  readonly process: { readonly pid: number; readonly start: number } | undefined;
  signal(name: string): Promise<void>;
  /** The exit status, once it has ended and all of its output was passed on. */
  readonly ended: Promise<number>;
}

export type TakeOutput = (stream: 'stdout' | 'stderr', piece: Buffer) => Promise<void> | void;

/**
 * Starts the workload's container in place of an older one of it. The first process is not ours: whoever asked for the
 * container must have it attested.
 *
 * @throws ConfineError `engine-failed`, `spec-refused`
 */
export async function runContainer(
  prepared: Prepared,
  options: ContainerOptions,
  take: TakeOutput,
): Promise<RunningContainer> {
  const { arch } = process;
  if (prepared.rung !== 'docker' || prepared.holder === null || (arch !== 'x64' && arch !== 'arm64'))
    throw new ConfineError('spec-refused', 'the agent did not prepare a container');
  const engine = await openDocker();
  for (const old of await engine.list(labels(prepared.spec, 'workload'))) await engine.remove(old.id);
  const id = await engine.create(`${netnsFacts(prepared.spec).name}-w`, workloadBody(prepared, options, arch));
  await engine.start(id);
  const pid = (await engine.inspect(id))?.State.Pid ?? 0;
  const start = pid === 0 ? undefined : processFacts(pid)?.start;
  const first = start === undefined ? undefined : { pid, start };
  return { process: first, signal: (name) => engine.kill(id, name), ended: ended(engine, id, first, take) };
}

async function ended(
  engine: Engine,
  id: string,
  first: RunningContainer['process'],
  take: TakeOutput,
): Promise<number> {
  const output = engine
    .logs(id, { follow: true })
    .then((stream) => splitFrames(stream, take))
    .catch(() => {}); // the Engine went; what it has not passed on by then is in its log
  const status = await statusOf(engine, id, first);
  await output;
  return status;
}

/** An Engine that ends takes its answers along; whether the container still runs is then asked of the kernel. */
async function statusOf(engine: Engine, id: string, first: RunningContainer['process']): Promise<number> {
  for (;;) {
    try {
      return await engine.wait(id);
    } catch {
      if (first === undefined || !isRunning(first.pid, first.start)) break;
      await pause(500);
    }
  }
  const found = await engine.inspect(id).catch(() => undefined);
  return found?.State.ExitCode ?? 1;
}
