/**
 * What a collector saw, before anyone knows whose it was. Every text is hostile: bounded by the collector, never
 * interpreted here, escaped by whoever shows it.
 */
import type { Endpoint } from '../model/index.js';

/** `bootMs`: milliseconds since boot on the kernel's clock; `wallMs`: milliseconds since the epoch on the host's clock. */
export type RawTime = { readonly bootMs: number } | { readonly wallMs: number };

/** The process an event belongs to. Absent is unknown, never guessed. */
export interface RawProcess {
  readonly pid: number;
  /** Clock ticks after boot (field 22 of `/proc/PID/stat`). */
  readonly start?: number;
  readonly ppid?: number;
  /** Id of the v2 cgroup, decimal: the inode number of its directory. */
  readonly cgroup?: string;
  /** Current directory, for relative paths. */
  readonly cwd?: string;
}

export type RawAct =
  | {
      readonly kind: 'exec';
      readonly path: string;
      readonly args: readonly string[];
      readonly truncated: boolean;
      readonly uid?: number;
      readonly parent?: string;
      readonly drift?: 'layer' | 'memory';
      /** The kernel refused it: the process goes on as what it was. */
      readonly refused?: boolean;
    }
  | { readonly kind: 'fork'; readonly child: number }
  | { readonly kind: 'exit'; readonly status?: number }
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly write: boolean;
      readonly program?: string;
      readonly failed: boolean;
      readonly refused?: boolean;
    }
  | {
      readonly kind: 'connect';
      readonly protocol: 'tcp' | 'udp' | 'unix' | 'other';
      readonly peer: Endpoint;
      readonly local?: Endpoint;
      readonly program?: string;
      readonly failed: boolean;
    }
  | { readonly kind: 'accept'; readonly local: Endpoint; readonly peer: Endpoint }
  | { readonly kind: 'stdio-socket'; readonly descriptor: number; readonly program?: string }
  | { readonly kind: 'denied-syscall'; readonly number: number; readonly name?: string }
  /** Something the workload did takes it out of the sensor's sight (`io_uring`). */
  | { readonly kind: 'blind-spot'; readonly detail: string };

/** One act of one process. */
export interface RawEvent {
  readonly source: string;
  readonly at: RawTime;
  readonly process: RawProcess;
  readonly act: RawAct;
  /** Whose trace it was read from: then no lineage is needed, whose lines may come later than the child's own (vfork). */
  readonly workload?: string;
  /** Names this act on this host for ever: seen again, it is the same observation. */
  readonly key?: string;
}

/** What a collector says about itself and the host, beside the acts. */
export type RawNote =
  | { readonly kind: 'up' }
  /** The kernel's clock as of this line. */
  | { readonly kind: 'tick'; readonly bootMs: number }
  /** A cgroup seen for the first time: its directory's name and its parent's id. */
  | { readonly kind: 'cgroup'; readonly id: string; readonly parent: string; readonly name: string }
  | { readonly kind: 'lost'; readonly count: number }
  /** A line that could not be read: counted, never silent. */
  | { readonly kind: 'unreadable'; readonly detail: string };

/** What one line of a tracer comes to. */
export type Parsed = { readonly event: RawEvent } | { readonly note: RawNote };
