/** Rates of clauses, local to this process: by clause and whom it counts for. */
import type { ClauseRate } from '../contract/index.js';

/** Of one clause; beyond it the ones that rest longest are forgotten, which are full again soonest. */
const mostKeys = 10_000;
/** Below what clocks tell apart, above what sums of fractions lose. */
const roundingMs = 1e-6;

export class Rates {
  /** Of each key the monotonic time at which its bucket is full again: all that a token bucket needs to remember. */
  readonly #clauses = new Map<string, { rate: string; fullAt: Map<string, number> }>();

  /** Counts one request. False: it is beyond the rate, and counts for nothing. @param now monotonic ms */
  take(clause: string, { requests, periodMs }: ClauseRate, key: string, now: number): boolean {
    const fullAt = this.#bucketsOf(clause, `${requests} ${periodMs}`);
    const each = periodMs / requests;
    const full = Math.max(now, fullAt.get(key) ?? now);
    const within = full - now <= periodMs - each + roundingMs;
    // Set anew: the map's order is that of last use.
    fullAt.delete(key);
    if (fullAt.size >= mostKeys) for (const oldest of fullAt.keys()) if (fullAt.delete(oldest)) break;
    fullAt.set(key, within ? full + each : full);
    return within;
  }

  /** Another version of the contract counts on where a clause asks the same. */
  keep(clauses: ReadonlyMap<string, ClauseRate>): void {
    for (const clause of this.#clauses.keys()) if (!clauses.has(clause)) this.#clauses.delete(clause);
  }

  #bucketsOf(clause: string, rate: string): Map<string, number> {
    const known = this.#clauses.get(clause);
    if (known?.rate === rate) return known.fullAt;
    const fullAt = new Map<string, number>();
    this.#clauses.set(clause, { rate, fullAt });
    return fullAt;
  }
}
