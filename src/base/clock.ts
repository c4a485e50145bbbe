/** Time as a parameter: whatever decides, takes a `Clock`, so that it can be replayed and skewed in tests. */
export interface Clock {
  /** Wall time in milliseconds since the epoch, with fractions. */
  now(): number;
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now() + drift(),
  monotonic: () => performance.now(),
};

/** A clock shifted by a fixed number of milliseconds, for hosts (and tests) whose wall clock is wrong. */
export function skewed(clock: Clock, byMs: number): Clock {
  return { now: () => clock.now() + byMs, monotonic: () => clock.monotonic() };
}

/**
 * Wall time for limits that must hold: set back, it goes on from where it was, so that nothing lives longer; set forward,
 * it follows, so that nothing outlives the date it was promised to end at.
 */
export function steady(clock: Clock): Clock {
  let now = clock.now();
  let at = clock.monotonic();
  return {
    now: () => {
      const passed = clock.monotonic() - at;
      at += passed;
      now = Math.max(clock.now(), now + passed);
      return now;
    },
    monotonic: () => clock.monotonic(),
  };
}

/** A clock that moves only when told. */
export function manualClock(startMs = 1_700_000_000_000): Clock & {
  advance(ms: number): void;
  /** Somebody sets the wall clock: no time passes. */
  jump(ms: number): void;
} {
  let passed = 0;
  let wall = startMs;
  return {
    now: () => wall,
    monotonic: () => passed,
    advance: (ms) => {
      wall += ms;
      passed += ms;
    },
    jump: (ms) => {
      wall += ms;
    },
  };
}

/** `performance.timeOrigin` is fixed at start: follow later steps of the wall clock, keep the fraction between them. */
let offset = 0;
function drift(): number {
  const estimate = performance.timeOrigin + performance.now();
  const wall = Date.now();
  if (Math.abs(wall - estimate - offset) > 5) offset = wall - estimate;
  return offset;
}
