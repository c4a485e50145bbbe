/** The runtime sensor of one host: every usable rung at work, each workload watched by the strongest that can. */
import { type Clock, type Exec, messageOf, processFacts } from '../base/index.js';
import type { LayerCoverage, Observation } from '../model/index.js';
import { Registry } from './attribution.js';
import type { Collector, CollectorName, RawSink, RunningCollector } from './collectors/collector.js';
import { kernelCollector } from './collectors/kernel.js';
import { procCollector } from './collectors/proc.js';
import { straceCollector } from './collectors/strace.js';
import { type CollectorState, runtimeCoverage, type Sight, sightOf } from './coverage.js';
import { type KernelTracer, kernelTracers, type LineSource, type Selection } from './line-source.js';
import { Pipeline } from './pipeline.js';
import { type Look, ownLook } from './proc-look.js';
import type { Target } from './target.js';

export interface SensorOptions {
  readonly host: string;
  /** Unique for this start of the agent. */
  readonly boot: string;
  readonly clock: Clock;
  readonly exec: Exec;
  readonly sink: (observation: Observation) => void;
  /**
   * Where the kernel's tracers run: `directBpftrace(...)` and `directBpf(...)` as root, or the helper's relay. The first that
   * works is taken. Absent: these rungs are not tried.
   */
  readonly kernel?: {
    readonly sources: Readonly<Partial<Record<KernelTracer, LineSource>>>;
    readonly selection: Selection;
  };
  /** Workloads ran on while nobody watched them: the agent before this one died. */
  readonly resumed?: boolean;
  /** Who looks at `/proc` for the last rung. Default: we ourselves, which shows nothing of other users' processes. */
  readonly look?: Look;
  /** Events per second and workload that are passed on. Default 50,000. */
  readonly rate?: number;
  /** Which rungs may be tried; default all. */
  readonly collectors?: readonly CollectorName[];
}

export interface Sensor {
  /** Before the workload runs. @throws SensorError `sensor-registration`. */
  add(target: Target): void;
  remove(workload: string): void;
  targets(): readonly Target[];
  coverage(): LayerCoverage;
  sight(): Sight;
  /** Which collector watches this workload now. */
  watchedBy(workload: string): CollectorName | null;
  /** Events lost since the start. */
  lost(): number;
  /** Gives up on a batch of waiting events and speaks of losses; called by a timer, public for tests. */
  beat(): void;
  stop(): Promise<void>;
}

/** How long a blindness that is over is still told: whoever looks at an incident of it must not read "full". */
const rememberedMs = 15 * 60_000;

interface Rung {
  readonly collector: Collector;
  running: RunningCollector | undefined;
  usable: boolean;
  blind: boolean;
  /** When it began to see, by the wall clock; undefined while it does not. */
  since: number | undefined;
  /** When it last saw again, on the monotonic clock, and what is to be said of it. */
  regained: { readonly at: number; readonly what: string } | undefined;
  reason: string | undefined;
  fix: string | undefined;
}

export async function startSensor(options: SensorOptions): Promise<Sensor> {
  const registry = new Registry(processFacts);
  const { host, boot, clock, sink } = options;
  const pipeline = new Pipeline({
    host,
    boot,
    clock,
    registry,
    sink,
    ...(options.rate === undefined ? {} : { rate: options.rate }),
  });
  const rungs: Rung[] = collectors(options, (target) => watcher(target, stronger) !== null).map((collector) => ({
    collector,
    running: undefined,
    usable: false,
    blind: false,
    since: undefined,
    regained: undefined,
    reason: undefined,
    fix: undefined,
  }));

  function watcher(target: Target, among: readonly CollectorName[]): CollectorName | null {
    return (
      rungs.find(({ collector, running }) => among.includes(collector.name) && running?.watches(target) === true)
        ?.collector.name ?? null
    );
  }

  for (const rung of rungs) {
    const { name } = rung.collector;
    // They see the same: two would tell everything twice.
    if (isKernel(name) && rungs.some((one) => isKernel(one.collector.name) && one.running !== undefined)) continue;
    const probed = await rung.collector.probe();
    rung.usable = probed.usable;
    rung.reason = probed.reason;
    rung.fix = probed.fix;
    if (!probed.usable) continue;
    try {
      rung.running = await rung.collector.start(sinkOf(rung), registry);
      if (!rung.blind) rung.since = clock.now();
      if (options.resumed === true) regain(rung, 'while the agent was away');
      pipeline.about(name, { kind: 'sensor', state: 'started', detail: `${name} watches` });
    } catch (error) {
      rung.reason = messageOf(error);
      rung.fix = 'tricordon doctor --only runtime';
      pipeline.about(name, {
        kind: 'sensor',
        state: 'degraded',
        detail: `${name} did not start: ${rung.reason}`.slice(0, 4_096),
      });
    }
  }

  function regain(rung: Rung, when: string): void {
    const until = new Date(clock.now()).toISOString().slice(11, 19);
    rung.regained = { at: clock.monotonic(), what: `did not see ${when}, until ${until} UTC` };
  }

  function sinkOf(rung: Rung): RawSink {
    const { name } = rung.collector;
    return {
      event: (event) => pipeline.event(event),
      note: (note) => pipeline.note(note),
      state: (state) => {
        // strace is blind for one workload, never as a whole.
        if (name !== 'strace') {
          rung.blind = state.kind === 'blind';
          rung.since = rung.blind ? undefined : clock.now();
          rung.reason = rung.blind ? state.detail : undefined;
          if (state.blindMs !== undefined) regain(rung, `for ${Math.round(state.blindMs)} ms`);
        }
        const blind = state.blindMs === undefined ? '' : `; blind for ${Math.round(state.blindMs)} ms`;
        const detail = `${state.detail}${blind}`.slice(0, 4_096);
        pipeline.about(name, { kind: 'sensor', state: state.kind === 'blind' ? 'degraded' : 'started', detail });
      },
    };
  }

  function states(): CollectorState[] {
    return rungs.map((rung) => stateOf(rung, clock.monotonic()));
  }

  function watched() {
    return registry.all().map((target) => ({ workload: target.workload, by: watcher(target, allNames) }));
  }

  const timer = setInterval(() => pipeline.beat(), 1_000);
  return {
    add: (target) => registry.add(target),
    remove: (workload) => registry.remove(workload),
    targets: () => registry.all(),
    watchedBy: (workload) => {
      const target = registry.all().find((one) => one.workload === workload);
      return target === undefined ? null : watcher(target, allNames);
    },
    coverage: () => runtimeCoverage(states(), watched()),
    sight: () => sightOf(states(), watched()),
    lost: () => pipeline.lost,
    beat: () => pipeline.beat(),
    stop: async () => {
      clearInterval(timer);
      for (const { collector, running } of rungs) {
        if (running === undefined) continue;
        await running.stop();
        pipeline.about(collector.name, { kind: 'sensor', state: 'stopped' });
      }
      pipeline.close();
    },
  };
}

const stronger: readonly CollectorName[] = [...kernelTracers, 'strace'];
const allNames: readonly CollectorName[] = [...stronger, 'proc'];

function isKernel(name: CollectorName): boolean {
  return kernelTracers.some((tracer) => tracer === name);
}

/** The ladder, strongest first; a new collector is one file and one line here. */
function collectors(options: SensorOptions, watchedElsewhere: (target: Target) => boolean): readonly Collector[] {
  const { kernel, clock, exec } = options;
  const tracers: Collector[] = kernelTracers.flatMap((name) => {
    const source = kernel?.sources[name];
    return kernel === undefined || source === undefined
      ? []
      : [kernelCollector(name, { source, selection: kernel.selection, clock })];
  });
  if (kernel === undefined) tracers.push(unavailableKernel);
  // As root nothing is launched under a tracer: strace is the ordinary user's rung.
  const fix = kernel === undefined ? 'apt-get install strace' : 'apt-get install bpftrace';
  const look = options.look ?? ownLook();
  const ladder = [...tracers, straceCollector({ exec }), procCollector({ look, fix, watchedElsewhere })];
  return ladder.filter(({ name }) => options.collectors?.includes(name) !== false);
}

const unavailableKernel: Collector = {
  name: 'bpftrace',
  gaps: [],
  probe: async () => ({ usable: false, reason: 'the kernel tracer needs root', fix: 'sudo tricordon up' }),
  start: async () => ({ watches: () => false, stop: async () => {} }),
};

function stateOf(rung: Rung, now: number): CollectorState {
  const { regained, since } = rung;
  return {
    name: rung.collector.name,
    usable: rung.usable,
    seeing: rung.running !== undefined && !rung.blind,
    gaps: rung.collector.gaps,
    ...(since === undefined ? {} : { since }),
    ...(regained === undefined || now - regained.at > rememberedMs ? {} : { wasBlind: regained.what }),
    ...(rung.reason === undefined ? {} : { reason: rung.reason }),
    ...(rung.fix === undefined ? {} : { fix: rung.fix }),
  };
}
