/**
 * Where bpftrace's output comes from: a child of this process (root), or the privileged helper that runs it and relays its
 * lines. Nobody hands over a script: the side that holds root builds it from the selection.
 */

/** Whose events the kernel passes on. */
export interface Selection {
  /** Ids (decimal inode numbers) of v2 cgroups; everything at most three levels beneath them is watched. */
  readonly parents: readonly string[];
  /** Watch Docker containers too: cgroups named `docker/ID` or `docker-ID.scope`. */
  readonly containers: boolean;
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
