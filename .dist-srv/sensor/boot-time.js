/**
 * Turns the kernel's time since boot into wall time. A line never arrives before it was written, so the smallest distance
 * between arrival and stamp is the best estimate of the offset; it is kept against the monotonic clock, so that a step of
 * the wall clock moves what comes after it and nothing else. Two windows follow suspends and slow drift.
 */
export class BootTime {
    clock;
    best = Number.POSITIVE_INFINITY;
    previous = Number.POSITIVE_INFINITY;
    windowEnd = 0;
    constructor(clock) {
        this.clock = clock;
    }
    /** A stamp that arrived just now. */
    heard(bootMs) {
        const now = this.clock.monotonic();
        if (now > this.windowEnd) {
            this.previous = this.best;
            this.best = Number.POSITIVE_INFINITY;
            this.windowEnd = now + 60_000;
        }
        this.best = Math.min(this.best, now - bootMs);
    }
    /** Milliseconds since the epoch. */
    wall(bootMs) {
        const offset = Math.min(this.best, this.previous);
        if (!Number.isFinite(offset))
            return this.clock.now();
        const age = Math.max(0, this.clock.monotonic() - bootMs - offset);
        return this.clock.now() - age;
    }
}
