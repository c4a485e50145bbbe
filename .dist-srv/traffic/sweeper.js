/**
 * Coarse time for everything that can time out: one timer for the process instead of one per request. `now` is
 * monotonic milliseconds, at most one interval old.
 */
export class Sweeper {
    now;
    /** Add to a monotonic time to get the wall clock's, in milliseconds; at most one interval old. */
    wallOffset;
    #clock;
    #members = new Set();
    #timer;
    constructor(clock, intervalMs = 1_000) {
        this.#clock = clock;
        this.now = clock.monotonic();
        this.wallOffset = clock.now() - this.now;
        this.#timer = setInterval(() => this.sweep(), intervalMs);
        this.#timer.unref();
    }
    add(member) {
        this.#members.add(member);
    }
    remove(member) {
        this.#members.delete(member);
    }
    get size() {
        return this.#members.size;
    }
    /** One round; public so that tests with a manual clock need no timer. */
    sweep() {
        this.now = this.#clock.monotonic();
        this.wallOffset = this.#clock.now() - this.now;
        for (const member of this.#members)
            member.sweep(this.now);
    }
    stop() {
        clearInterval(this.#timer);
        this.#members.clear();
    }
}
