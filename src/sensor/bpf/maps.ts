/** What the programs keep in the kernel. */

import { recordBytes } from './record.js';

/** Kinds of maps (`enum bpf_map_type`). */
const [hash, array, programs, perProcessor, recent, ring] = [1, 2, 3, 6, 9, 27];

export interface MapShape {
  readonly type: number;
  readonly key: number;
  readonly value: number;
  readonly entries: number;
}

export const ringBytes = 8 << 20;

/** Those named `recent` forget what was used least when they are full: then work is repeated, nothing is missed. */
export const mapShapes = {
  /** Records on their way to us. */
  ring: { type: ring, key: 0, value: 0, entries: ringBytes },
  /** Where a record is put together: the stack has 512 bytes. Tracepoints run with preemption off: one at a time. */
  scratch: { type: perProcessor, key: 4, value: recordBytes, entries: 1 },
  /** Cgroup: 1 watched, 2 not. */
  decided: { type: recent, key: 8, value: 4, entries: 16_384 },
  /** Cgroups whose descendants are watched. */
  parents: { type: hash, key: 8, value: 4, entries: 64 },
  /** Cgroups whose name we were told. */
  told: { type: recent, key: 8, value: 4, entries: 16_384 },
  /**
   * Process: where it last executed something (1 inside, 2 outside what is watched; a process that was moved in and has executed
   * nothing yet is the runtime's set-up, not the workload), how often it did, and standard streams known to be sockets.
   */
  processes: { type: recent, key: 4, value: 12, entries: 65_536 },
  /** Thread: number of the call it is in, plus one; 0 between calls. */
  entered: { type: recent, key: 4, value: 4, entries: 65_536 },
  /** Process, execution, access and outcome, file, name: when it was last reported. */
  opened: { type: recent, key: 24, value: 8, entries: 65_536 },
  /** The program that ends a record with the names of a directory. */
  directory: { type: programs, key: 4, value: 4, entries: 1 },
  /** Records that found no room. */
  lost: { type: array, key: 4, value: 8, entries: 1 },
} as const satisfies Readonly<Record<string, MapShape>>;

export type MapName = keyof typeof mapShapes;
export type Maps = Readonly<Record<MapName, number>>;
