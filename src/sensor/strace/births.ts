/**
 * Who made which thread. strace writes the lines of a child before the one in which its parent made it, when the child is
 * scheduled first (always after vfork): until that line is read, it is not known what program the child is, where, and
 * whose. So its lines are kept, bounded in number and in looks, and read after it.
 */
export interface Births {
  /** Threads that live, and whose maker is known (or was waited for in vain). */
  readonly born: Set<number>;
  readonly kept: Map<number, { readonly lines: string[]; looks: number }>;
  /** Read without its maker's line, which may still come. */
  readonly orphans: Set<number>;
  lines: number;
}

const threadLimit = 16_384;
/** Lines kept over all threads; beyond it the longest waiting thread is read as it stands. */
const lineLimit = 4_096;

export function newBirths(): Births {
  return { born: new Set(), kept: new Map(), orphans: new Set(), lines: 0 };
}

/** The first thread of a trace is COMMAND itself: nobody in it made that one. */
export function isBorn(births: Births, tid: number): boolean {
  if (births.born.size === 0 && births.kept.size === 0) add(births.born, tid);
  return births.born.has(tid);
}

/** Keeps a line; returns those that can wait no longer because there are too many. */
export function keep(births: Births, tid: number, line: string): readonly string[] {
  const waiting = births.kept.get(tid) ?? { lines: [], looks: 0 };
  waiting.lines.push(line);
  births.kept.set(tid, waiting);
  births.lines += 1;
  const [oldest] = births.kept.keys();
  return births.lines > lineLimit && oldest !== undefined ? orphan(births, oldest) : [];
}

/** Called when it is read that `tid` was made: what was kept of it. Undefined where it was read without its maker. */
export function bear(births: Births, tid: number): readonly string[] | undefined {
  if (births.orphans.delete(tid)) return undefined;
  add(births.born, tid);
  return release(births, tid);
}

export function die(births: Births, tid: number): void {
  births.born.delete(tid);
}

/** Counts a look; returns what was kept for more than `looks` of them. */
export function overdue(births: Births, looks: number): readonly string[] {
  const lines: string[] = [];
  for (const [tid, waiting] of [...births.kept]) {
    waiting.looks += 1;
    if (waiting.looks > looks) lines.push(...orphan(births, tid));
  }
  return lines;
}

function orphan(births: Births, tid: number): readonly string[] {
  add(births.born, tid);
  add(births.orphans, tid);
  return release(births, tid);
}

function release(births: Births, tid: number): readonly string[] {
  const lines = births.kept.get(tid)?.lines ?? [];
  births.kept.delete(tid);
  births.lines -= lines.length;
  return lines;
}

function add(set: Set<number>, tid: number): void {
  set.delete(tid);
  if (set.size >= threadLimit) {
    const [oldest] = set;
    if (oldest !== undefined) set.delete(oldest);
  }
  set.add(tid);
}
