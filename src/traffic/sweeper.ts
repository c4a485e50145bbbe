import type { Clock } from '../base/index.js';

/** What has deadlines. `sweep` is called about once a second. */
export interface Sweepable {
  sweep(now: number): void;
}

/**
 * Coarse time for everything that can time out: one timer for the process instead of one per request. `now` is
 * monotonic milliseconds, at most one interval old.
 */
export class Sweeper {
  now: number;
  /** Add to a monotonic time to get the wall clock's, in milliseconds; at most one interval old. */
  wallOffset: number;
  readonly #clock: Clock;
  readonly #members = new Set<Sweepable>();
  readonly #timer: NodeJS.Timeout;

  constructor(clock: Clock, intervalMs = 1_000) {
    this.#clock = clock;
    this.now = clock.monotonic();
    this.wallOffset = clock.now() - this.now;
    this.#timer = setInterval(() => this.sweep(), intervalMs);
    this.#timer.unref();
  }

  add(member: Sweepable): void {
    this.#members.add(member);
  }

  remove(member: Sweepable): void {
    this.#members.delete(member);
  }

  get size(): number {
    return this.#members.size;
  }

  /** One round; public so that tests with a manual clock need no timer. */
  sweep(): void {
    this.now = this.#clock.monotonic();
    this.wallOffset = this.#clock.now() - this.now;
    for (const member of this.#members) member.sweep(this.now);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#members.clear();
  }
}
