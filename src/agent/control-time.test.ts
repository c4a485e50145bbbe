import { expect, test } from 'vitest';
import { type Clock, manualClock, skewed } from '../base/index.js';
import type { ControlClient } from './control-client.js';
import { controlTime } from './control-time.js';

/** A control plane whose answer takes `delayMs`, half of it each way. */
function world(skewMs: number, delayMs = 40) {
  const truth = manualClock();
  let step = skewMs;
  const local: Clock = { now: () => skewed(truth, step).now(), monotonic: () => truth.monotonic() };
  const call: ControlClient['call'] = async (_method, _path, _body, schema) => {
    truth.advance(delayMs / 2);
    const answer = schema.parse({ now: truth.now() });
    truth.advance(delayMs / 2);
    return answer;
  };
  const time = controlTime(local, { call });
  return {
    truth,
    time,
    stepBy: (ms: number) => {
      step += ms;
    },
  };
}

test('a clock that is minutes ahead or behind is corrected to that of the control plane', async () => {
  for (const skewMs of [-600_000, -5_000, 5_000, 420_000]) {
    const { truth, time } = world(skewMs);
    await time.compare();
    expect(time.behind()).toBe(-skewMs);
    truth.advance(30_000);
    expect(time.clock.now()).toBe(truth.now());
  }
});

test('a clock that agrees, or a difference that a slow answer explains, is left alone', async () => {
  for (const [skewMs, delayMs] of [
    [0, 40],
    [300, 40],
    [-1_400, 2_000],
  ] as const) {
    const { time } = world(skewMs, delayMs);
    await time.compare();
    expect(time.behind()).toBe(0);
  }
});

test('a step of the wall clock is noticed, and corrected with the next comparison', async () => {
  const { truth, time, stepBy } = world(0);
  await time.compare();
  truth.advance(60_000);
  expect(time.stepped()).toBe(false);
  for (const ms of [3_600_000, -7_200_000]) {
    stepBy(ms);
    expect(time.stepped()).toBe(true);
    await time.compare();
    expect([time.stepped(), time.clock.now()]).toEqual([false, truth.now()]);
  }
});

test('without an answer the last correction stays', async () => {
  const { truth, time } = world(-90_000);
  await time.compare();
  const other = controlTime(time.clock, { call: () => Promise.reject(new Error('away')) });
  await expect(other.compare()).rejects.toThrow('away');
  expect(other.clock.now()).toBe(truth.now());
});
