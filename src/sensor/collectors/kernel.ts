/**
 * A tracer in the kernel, watching whole cgroups. Supervised: one that ends or falls silent is replaced, and the time without
 * sight is reported. A change of selection starts the new tracer before the old one ends.
 */
import type { Clock } from '../../base/index.js';
import { messageOf } from '../../base/index.js';
import { newParseState, parseBpftraceLine } from '../bpftrace/parse.js';
import { readRow } from '../bpf/row.js';
import { SensorError } from '../errors.js';
import type { KernelTracer, LineSource, RunningLines, Selection } from '../line-source.js';
import type { Parsed, RawEvent } from '../raw-event.js';
import type { Collector, RawSink, RunningCollector } from './collector.js';

export interface KernelOptions {
  readonly source: LineSource;
  readonly clock: Clock;
  readonly selection: Selection;
  /** Milliseconds without a line (there is one every second) until the tracer counts as hung. Default 15,000. */
  readonly silenceMs?: number;
  /** Milliseconds a tracer may take to attach. Default 90,000. */
  readonly startMs?: number;
}

export interface RunningKernel extends RunningCollector {
  /** Watches something else from now on, without a gap. */
  reselect(selection: Selection): Promise<void>;
}

export interface KernelCollector extends Collector {
  start(sink: RawSink): Promise<RunningKernel>;
}

/** Reads the lines of one run of a tracer. */
type Reader = (line: string) => readonly Parsed[];

const readers: Readonly<Record<KernelTracer, () => Reader>> = {
  bpftrace: () => {
    const state = newParseState();
    return (line) => parseBpftraceLine(line, state);
  },
  bpf: () => readRow,
};

/** Two tracers never stamp one event alike: near the hand-over the same act of a process counts once. */
const handoverMs = 5;

export function kernelCollector(name: KernelTracer, options: KernelOptions): KernelCollector {
  return {
    name,
    probe: () => options.source.probe(),
    gaps: [
      { what: 'file and network operations through io_uring (its set-up is reported)', fix: null },
      { what: 'paths are as the workload gave them: symbolic links are not resolved', fix: null },
    ],
    start: async (sink) => {
      const supervisor = new Supervisor(readers[name], options, sink);
      await supervisor.begin();
      return supervisor;
    },
  };
}

interface Tracer {
  readonly read: Reader;
  lines: RunningLines | undefined;
  /** Boot time at which it had everything attached. */
  upAt: number | undefined;
  /** Boot time of its latest tick. */
  tickAt: number;
  tickHeard: number;
  lastLine: number;
  retired: boolean;
  ended: boolean;
}

class Supervisor implements RunningKernel {
  private readonly reader: () => Reader;
  private readonly options: KernelOptions;
  private readonly sink: RawSink;
  private selection: Selection;
  private current: Tracer | undefined;
  private leaving: Tracer | undefined;
  private cut = 0;
  private readonly nearCut = new Set<string>();
  private blindSince: number | undefined;
  private stopped = false;
  private failures = 0;
  private readonly watchdog: NodeJS.Timeout;
  private retry: NodeJS.Timeout | undefined;

  constructor(reader: () => Reader, options: KernelOptions, sink: RawSink) {
    this.reader = reader;
    this.options = options;
    this.sink = sink;
    this.selection = options.selection;
    this.watchdog = setInterval(() => this.lookForSilence(), 1_000);
    this.watchdog.unref();
  }

  async begin(): Promise<void> {
    try {
      this.current = await this.launch();
    } catch (error) {
      clearInterval(this.watchdog);
      this.stopped = true;
      throw error;
    }
  }

  watches(target: { readonly cgroup?: unknown; readonly container?: unknown }): boolean {
    if (this.blindSince !== undefined || this.current === undefined) return false;
    return target.cgroup !== undefined || (target.container !== undefined && this.selection.containers);
  }

  async reselect(selection: Selection): Promise<void> {
    this.selection = selection;
    const next = await this.launch();
    const old = this.current;
    // A moment that has not come yet: until then the old one speaks, so nothing falls between the two.
    this.cut = next.tickAt + (this.options.clock.monotonic() - next.tickHeard) + 250;
    this.nearCut.clear();
    this.leaving = old;
    this.current = next;
    if (old === undefined) return;
    // Its buffers are read out in order: a tick behind the hand-over means that everything before it has arrived.
    await this.until(() => old.ended || old.tickAt > this.cut + handoverMs);
    old.retired = true;
    this.leaving = undefined;
    await old.lines?.stop();
    this.cut = 0;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.watchdog);
    clearTimeout(this.retry);
    for (const tracer of [this.leaving, this.current]) {
      if (tracer === undefined) continue;
      tracer.retired = true;
      await tracer.lines?.stop();
    }
  }

  /** Resolves when everything is attached. */
  private async launch(): Promise<Tracer> {
    const tracer: Tracer = {
      read: this.reader(),
      lines: undefined,
      upAt: undefined,
      tickAt: 0,
      tickHeard: 0,
      lastLine: this.options.clock.monotonic(),
      retired: false,
      ended: false,
    };
    let lastWords = '';
    tracer.lines = await this.options.source.start(this.selection, {
      line: (text) => this.take(tracer, text),
      end: (detail) => {
        lastWords = detail;
        this.ended(tracer, detail);
      },
    });
    const deadline = this.options.clock.monotonic() + (this.options.startMs ?? 90_000);
    await this.until(() => tracer.ended || tracer.upAt !== undefined || this.options.clock.monotonic() > deadline);
    if (tracer.upAt === undefined) {
      tracer.retired = true;
      await tracer.lines.stop();
      throw new SensorError('sensor-start', `the kernel tracer did not come up: ${lastWords || 'no answer in time'}`, {
        hint: 'run `tricordon doctor --only runtime`',
      });
    }
    return tracer;
  }

  private take(tracer: Tracer, text: string): void {
    if (tracer.retired) return;
    tracer.lastLine = this.options.clock.monotonic();
    for (const parsed of tracer.read(text)) this.deliver(tracer, parsed);
  }

  private deliver(tracer: Tracer, parsed: Parsed): void {
    if ('event' in parsed) {
      // A tracer that is still joining while another one sees would only repeat it.
      const joining = tracer !== this.current && tracer !== this.leaving && this.current !== undefined;
      if (!joining && (this.cut === 0 || this.belongs(tracer, parsed.event))) this.sink.event(parsed.event);
      return;
    }
    const { note } = parsed;
    if (note.kind === 'tick') {
      tracer.tickAt = note.bootMs;
      tracer.tickHeard = tracer.lastLine;
      tracer.upAt ??= note.bootMs;
    }
    this.sink.note(note);
  }

  /** During a hand-over: before the cut the old tracer speaks, after it the new one; around it whoever is first. */
  private belongs(tracer: Tracer, event: RawEvent): boolean {
    const at = 'bootMs' in event.at ? event.at.bootMs : 0;
    const isOld = tracer === this.leaving;
    if (at < this.cut - handoverMs) return isOld;
    if (at > this.cut + handoverMs) return !isOld;
    const key = JSON.stringify([event.process.pid, event.process.start, event.act]);
    if (this.nearCut.has(key)) return false;
    this.nearCut.add(key);
    return true;
  }

  private ended(tracer: Tracer, detail: string): void {
    tracer.ended = true;
    if (tracer.retired || this.stopped || tracer !== this.current) return;
    this.current = undefined;
    // Blind from the last line on: what the kernel saw after it died with the tracer.
    this.blindSince = tracer.lastLine;
    this.sink.state({ kind: 'blind', detail });
    this.again();
  }

  private again(): void {
    if (this.stopped) return;
    const delay = this.failures === 0 ? 0 : Math.min(10_000, 250 * 2 ** this.failures);
    this.retry = setTimeout(() => {
      this.launch().then(
        (tracer) => {
          if (this.stopped) {
            tracer.retired = true;
            void tracer.lines?.stop();
            return;
          }
          this.failures = 0;
          this.current = tracer;
          const blindMs = this.options.clock.monotonic() - (this.blindSince ?? this.options.clock.monotonic());
          this.blindSince = undefined;
          this.sink.state({
            kind: 'seeing',
            detail: `the kernel tracer was replaced after ${Math.round(blindMs)} ms`,
            blindMs,
          });
        },
        (error: unknown) => {
          this.failures += 1;
          this.sink.state({ kind: 'blind', detail: messageOf(error) });
          this.again();
        },
      );
    }, delay);
  }

  private lookForSilence(): void {
    const tracer = this.current;
    if (tracer === undefined || tracer.ended) return;
    if (this.options.clock.monotonic() - tracer.lastLine < (this.options.silenceMs ?? 15_000)) return;
    this.ended(tracer, 'the kernel tracer fell silent');
    tracer.retired = true;
    void tracer.lines?.stop();
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
