import type { KernelTracer } from '../line-source.js';
import type { RawEvent, RawNote } from '../raw-event.js';
import type { Target } from '../target.js';

export interface Usable {
  readonly usable: boolean;
  readonly reason?: string;
  /** The command that would make it usable. */
  readonly fix?: string;
}

export type CollectorName = KernelTracer | 'strace' | 'proc';

/** Takes what a collector saw. Must not throw. */
export interface RawSink {
  event(event: RawEvent): void;
  note(note: RawNote): void;
  /** The collector cannot see from now on (`blind`) or sees again (`seeing`), with the reason and the time it was blind. */
  state(state: { readonly kind: 'blind' | 'seeing'; readonly detail: string; readonly blindMs?: number }): void;
}

/** The targets a collector watches; read whenever it looks. */
export interface Targets {
  all(): readonly Target[];
  /** Calls back on every change, until the returned function is called. */
  onChange(callback: () => void): () => void;
}

export interface RunningCollector {
  /** Whether this target's events reach us now. */
  watches(target: Target): boolean;
  stop(): Promise<void>;
}

/** One way of seeing what processes do. All have this shape and stand in one array, strongest first. */
export interface Collector {
  readonly name: CollectorName;
  probe(): Promise<Usable>;
  start(sink: RawSink, targets: Targets): Promise<RunningCollector>;
  /** What it cannot see even when it works. */
  readonly gaps: readonly { readonly what: string; readonly fix: string | null }[];
}
