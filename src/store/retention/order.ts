/**
 * What goes first when a store is over its limits. Pure: sizes in, the next step out. The table in
 * docs/guide/operations.md ("What goes first") says the same.
 */
import type { ObservationTable } from '../repositories/observation-tables.js';

export const kinds = {
  /** What was let through says least, so all of it goes before the first refusal. */
  decisions: ['decisions_allowed', 'decisions_denied'],
  observations: ['observations'],
} as const satisfies Readonly<Record<string, readonly ObservationTable[]>>;
export type Kind = keyof typeof kinds;
/** Of two kinds that are over, this one is looked at first. */
export const kindOrder = ['decisions', 'observations'] as const satisfies readonly Kind[];

export interface Limit {
  readonly days: number;
  readonly bytes: number;
}

/** A partition, measured. */
export interface Chunk {
  readonly table: ObservationTable;
  readonly name: string;
  /** Null: the rows without a partition of their own (pinned ones of days that went, restored ones, mad clocks). */
  readonly day: string | null;
  readonly bytes: number;
}

export interface Step {
  readonly chunk: Chunk;
  readonly reason: 'age' | 'quota';
  /** The newest rows that stay, in bytes; 0: all go. Pinned ones stay anyhow. */
  readonly keepBytes: number;
}

/** Freed at once, so that not every look finds a little to do. */
const slack = 1 / 8;
/** Of its quota, what came last stays in each table, whatever is pinned: the engines' recent past. */
export const recentShare = 1 / 4;

/** `done`: names of chunks that were dealt with in this round already. Undefined: nothing (more) to do. */
export function nextStep(
  kind: Kind,
  chunks: readonly Chunk[],
  limit: Limit & { readonly today: string; readonly oldest: string },
  done: ReadonlySet<string>,
): Step | undefined {
  const own = kinds[kind].flatMap((table) =>
    chunks.filter((chunk) => chunk.table === table).sort((one, other) => rank(one) - rank(other)),
  );
  const left = own.filter((chunk) => !done.has(chunk.name));
  const old = left.find((chunk) => chunk.day !== null && chunk.day < limit.oldest);
  if (old !== undefined) return { chunk: old, reason: 'age', keepBytes: 0 };

  const total = own.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const begun = own.some((chunk) => done.has(chunk.name));
  const target = limit.bytes * (1 - slack);
  if (total <= (begun ? target : limit.bytes)) return undefined;
  for (const chunk of left) {
    if (chunk.day !== null && chunk.day < limit.today) return { chunk, reason: 'quota', keepBytes: 0 };
    const floor = chunk.day === null ? 0 : limit.bytes * recentShare;
    const keepBytes = Math.max(0, Math.floor(Math.max(floor, chunk.bytes - (total - target))));
    // Writing a partition anew for a few rows would be all cost.
    if (chunk.bytes - keepBytes > (limit.bytes * slack) / 4) return { chunk, reason: 'quota', keepBytes };
  }
  return undefined;
}

function rank({ day }: Chunk): number {
  return day === null ? 0 : Date.parse(day);
}
