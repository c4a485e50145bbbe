export const systemClock = {
    now: () => performance.timeOrigin + performance.now() + drift(),
    monotonic: () => performance.now(),
};
/** A clock shifted by a fixed number of milliseconds, for hosts (and tests) whose wall clock is wrong. */
export function skewed(clock, byMs) {
    return { now: () => clock.now() + byMs, monotonic: () => clock.monotonic() };
}
/** A clock that moves only when told. */
export function manualClock(startMs = 1_700_000_000_000) {
    let now = startMs;
    return {
        now: () => now,
        monotonic: () => now - startMs,
        advance: (ms) => {
            now += ms;
        },
    };
}
/** `performance.timeOrigin` is fixed at start: follow later steps of the wall clock, keep the fraction between them. */
let offset = 0;
function drift() {
    const estimate = performance.timeOrigin + performance.now();
    const wall = Date.now();
    if (Math.abs(wall - estimate - offset) > 5)
        offset = wall - estimate;
    return offset;
}
