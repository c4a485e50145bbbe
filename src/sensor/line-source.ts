/**
 * Where a kernel tracer's output comes from: this process (root), or the privileged helper that runs the tracer and relays its
 * lines. Nobody hands over a script or a program: the side that holds root builds it from the selection.
 */
import { SensorError } from './errors.js';

/** The tracers of the kernel, strongest first; they see the same. */
export const kernelTracers = ['bpftrace', 'bpf'] as const;
export type KernelTracer = (typeof kernelTracers)[number];

/** Whose events the kernel passes on. */
export interface Selection {
  /** Ids (decimal inode numbers) of v2 cgroups; everything at most three levels beneath them is watched. */
  readonly parents: readonly string[];
  /** Watch Docker containers too: cgroups named `docker/ID` or `docker-ID.scope`. */
  readonly containers: boolean;
}

/** @throws SensorError `sensor-selection` when an id is not a decimal number. */
export function checkSelection({ parents }: Selection): void {
  if (parents.every((id) => /^[1-9][0-9]{0,18}$/.test(id))) return;
  throw new SensorError('sensor-selection', 'a cgroup id is not a decimal number', {
    hint: 'take the inode number of the cgroup directory',
  });
}

export interface LineHandlers {
  /** One line of output, without its line end, at most 64 KiB. */
  line(text: string): void;
  /** The tracer ended, wanted or not; called once. `detail` is its last words, bounded and escaped. */
  end(detail: string): void;
}

export interface RunningLines {
  /** Resolves when the tracer is gone. */
  stop(): Promise<void>;
}

export interface LineSource {
  /** Whether a tracer could be started here, and if not which command would change that. */
  probe(): Promise<{ readonly usable: boolean; readonly reason?: string; readonly fix?: string }>;
  start(selection: Selection, handlers: LineHandlers): Promise<RunningLines>;
}
