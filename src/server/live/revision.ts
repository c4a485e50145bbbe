/** The revision of what agents run on: counted in the database, waited for in memory. */

export interface RevisionBoard {
  current(): number;
  /** After the transaction that counted it up is committed. */
  announce(revision: number): void;
  /** Resolves with the current revision once it is newer than `than`, the time is up, or `signal` aborts. */
  newer(than: number, timeoutMs: number, signal: AbortSignal): Promise<number>;
  close(): void;
}

export function revisionBoard(start: number): RevisionBoard {
  let current = start;
  const waiting = new Set<() => void>();
  return {
    current: () => current,
    announce(revision) {
      if (revision <= current) return;
      current = revision;
      for (const wake of [...waiting]) wake();
    },
    newer: (than, timeoutMs, signal) =>
      new Promise((resolve) => {
        // An agent that knows a revision of ours from a database that is no more is told at once.
        if (current !== than || signal.aborted) return resolve(current);
        const wake = () => {
          clearTimeout(timer);
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve(current);
        };
        const timer = setTimeout(wake, timeoutMs);
        signal.addEventListener('abort', wake);
        waiting.add(wake);
      }),
    close() {
      for (const wake of [...waiting]) wake();
    },
  };
}
