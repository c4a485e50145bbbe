/** The sensor of this host: which workloads it watches, and the way of what it sees into the spool. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cgroup2Mount, type Clock, exec, type Logger, messageOf } from '../base/index.js';
import { type Observation, serviceId } from '../model/index.js';
import { type Glimpse, type Look, type Sensor, startSensor, straceArguments, type Target } from '../sensor/index.js';
import { earlyObservations } from './early-observations.js';
import type { HelperClient } from './helper/client.js';
import type { AgentSettings } from './settings.js';
import type { Tracer } from './workload-plan.js';
import type { WorkloadRecord } from './workload-record.js';

export interface HostSensorOptions {
  readonly settings: Pick<AgentSettings, 'host' | 'instance' | 'runtimeDir' | 'programDir' | 'collectors'>;
  readonly trustDomain: string;
  readonly helper: Pick<HelperClient, 'ask' | 'tracers'> | undefined;
  /** Commands run since before this agent did. */
  readonly resumed: boolean;
  readonly recordOf: (id: string) => WorkloadRecord | undefined;
  readonly store: (batch: readonly Observation[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface HostSensor extends Pick<Sensor, 'coverage' | 'sight' | 'lost'> {
  /** @param begun its command runs since before this agent did: nothing of what it does is set-up any more */
  watch(record: WorkloadRecord, begun?: boolean): void;
  /** Its command is about to be launched anew. */
  rewatch(record: WorkloadRecord): void;
  unwatch(id: string): void;
  /** The control plane knows it from here on: what was seen of its start can be told. */
  known(id: string, identity: string | null): void;
  /** Undefined where another collector sees the command. */
  tracer(id: string): Tracer | undefined;
  /** Stops it, and stores what it saw last. */
  stop(): Promise<void>;
}

const collectMs = 10;

export async function startHostSensor(options: HostSensorOptions): Promise<HostSensor> {
  const { settings, helper, recordOf, clock, log } = options;
  const early = earlyObservations((id) => recordOf(id)?.attestation === null);
  let batch: Observation[] = [];
  const sensor = await startSensor({
    host: settings.host,
    boot: randomBytes(6).toString('hex'),
    clock,
    exec,
    sink: (observation) => {
      if (!early.hold(observation)) collect(observation);
    },
    // As root nothing is launched under a tracer: see `collectors` of the sensor.
    collectors: settings.collectors.filter((name) => helper === undefined || name !== 'strace'),
    resumed: options.resumed,
    ...(helper === undefined
      ? {}
      : {
          look: helperLook(helper, recordOf),
          kernel: {
            sources: helper.tracers,
            selection: { parents: parentCgroups(settings.instance), containers: true },
          },
        }),
  });
  const strace =
    settings.collectors.includes('strace') && helper === undefined
      ? await exec('strace', ['-V'], { timeoutMs: 5_000 })
      : undefined;
  const traced = strace?.status === 0;

  return {
    coverage: () => sensor.coverage(),
    sight: () => sensor.sight(),
    lost: () => sensor.lost(),
    watch,
    rewatch: (record) => {
      sensor.remove(record.id);
      // The old tracer is dead and its file was read to the end: read again, every act would be seen twice.
      if (traced) rmSync(traceFile(record.id), { force: true });
      watch(record);
    },
    unwatch: (id) => {
      sensor.remove(id);
      early.release(id, null);
    },
    known: (id, identity) => {
      for (const observation of early.release(id, identity)) collect(observation);
    },
    tracer: (id) => {
      if (!traced) return undefined;
      const output = traceFile(id);
      return { words: straceArguments({ program: 'strace', output }), folder: dirname(output) };
    },
    stop: async () => {
      await sensor.stop();
      await flush();
    },
  };

  function collect(observation: Observation): void {
    batch.push(observation);
    if (batch.length === 1) setTimeout(flush, collectMs);
  }

  function flush(): Promise<void> {
    const seen = batch;
    batch = [];
    if (seen.length === 0) return Promise.resolve();
    return options
      .store(seen)
      .catch((error: unknown) =>
        log.error({ error: messageOf(error), lost: seen.length }, 'sensor observations were not stored'),
      );
  }

  function watch(record: WorkloadRecord, begun = false): void {
    const { prepared, request } = record;
    const [command] = request.command;
    sensor.add({
      workload: record.id,
      service: request.service,
      identity: record.attestation === null ? null : serviceId(options.trustDomain, request.service),
      ...(prepared.cgroup === null || prepared.cgroupPath === null
        ? {}
        : { cgroup: { id: String(statSync(prepared.cgroupPath).ino), path: prepared.cgroup } }),
      ...(request.image === null ? {} : { layered: true }),
      ...(record.process === null ? {} : { root: record.process }),
      ...(command === undefined || begun ? {} : { command }),
      launcher: `${settings.programDir}/dist/agent/confine/launcher.js`,
      ...(traced ? { trace: traceFile(record.id) } : {}),
    });
  }

  function traceFile(id: string): string {
    const folder = join(settings.runtimeDir, 't', id.slice(-8));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return join(folder, 'trace');
  }
}

/** Processes of workloads are other users', whom we see only through the helper. */
function helperLook({ ask }: Pick<HelperClient, 'ask'>, recordOf: HostSensorOptions['recordOf']): Look {
  return async (targets) => {
    const looks = targets.map(async (target): Promise<[Target, readonly Glimpse[]]> => {
      const record = recordOf(target.workload);
      if (record === undefined) return [target, []];
      return [target, await ask('processes.look', { prepared: record.prepared, command: record.process })];
    });
    return new Map(await Promise.all(looks));
  };
}

function parentCgroups(instance: string): string[] {
  const path = join(cgroup2Mount() ?? '', 'tricordon', instance);
  return existsSync(path) ? [String(statSync(path).ino)] : [];
}
