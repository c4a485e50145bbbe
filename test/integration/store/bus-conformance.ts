/** What every bus promises; run on the fake and on PostgreSQL. */
import { describe, expect, test } from 'vitest';
import type { Bus, BusSettings } from '../../../src/store/index.js';

export interface MadeBus {
  readonly bus: Bus;
  dispose(): Promise<void>;
}

export function busConformance(name: string, make: (settings: BusSettings) => Promise<MadeBus>): void {
  const within = (title: string, body: (bus: Bus, stop: AbortController) => Promise<void>) =>
    test(title, async () => {
      const { bus, dispose } = await make({ maxAttempts: 3, retryMs: 5, pollMs: 100 });
      const stop = new AbortController();
      try {
        await body(bus, stop);
      } finally {
        stop.abort();
        await dispose();
      }
    });

  describe(`${name} as a bus`, () => {
    within('delivers every batch once to each group, also those published before it consumed', async (bus, stop) => {
      await bus.register('a', 'events');
      await bus.register('b', 'events');
      for (let n = 0; n < 20; n += 1) await bus.publish('events', [n, { n }]);
      const got = { a: [] as unknown[], b: [] as unknown[] };
      const ended = (['a', 'b'] as const).map((group) =>
        collect(bus, group, 'events', stop.signal, (batch) => got[group].push(batch[0]), 20),
      );
      await Promise.all(ended.map((one) => one.reached));
      stop.abort();
      await Promise.all(ended.map((one) => one.done));
      const wanted = Array.from({ length: 20 }, (_, n) => n);
      expect(got).toEqual({ a: wanted, b: wanted });
    });

    within('keeps topics apart and sends no empty batch', async (bus, stop) => {
      await bus.register('g', 'one');
      await bus.register('g', 'two');
      await bus.publish('one', []);
      await bus.publish('two', ['other']);
      await bus.publish('one', ['mine']);
      const got: unknown[] = [];
      const run = collect(bus, 'g', 'one', stop.signal, (batch) => got.push(...batch), 1);
      await run.reached;
      stop.abort();
      await run.done;
      expect(got).toEqual(['mine']);
    });

    within('shares the batches of one group between its consumers', async (bus, stop) => {
      await bus.register('g', 'work');
      const seen = new Map<unknown, number>();
      let count = 0;
      const all = gate();
      const handler = async (batch: readonly unknown[]) => {
        seen.set(batch[0], (seen.get(batch[0]) ?? 0) + 1);
        count += 1;
        if (count === 40) all.open();
      };
      const runs = [1, 2, 3].map(() => bus.consume('g', 'work', handler, { signal: stop.signal, maxInFlight: 4 }));
      for (let n = 0; n < 40; n += 1) await bus.publish('work', [n]);
      await all.passed;
      stop.abort();
      await Promise.all(runs);
      expect([...seen.values()].every((times) => times === 1)).toBe(true);
      expect(seen.size).toBe(40);
    });

    within('never has more in flight than allowed', async (bus, stop) => {
      await bus.register('g', 'slow');
      for (let n = 0; n < 12; n += 1) await bus.publish('slow', [n]);
      let now = 0;
      let most = 0;
      const run = collect(
        bus,
        'g',
        'slow',
        stop.signal,
        async () => {
          now += 1;
          most = Math.max(most, now);
          await new Promise((resolve) => setImmediate(resolve));
          now -= 1;
        },
        12,
        3,
      );
      await run.reached;
      stop.abort();
      await run.done;
      expect(most).toBeLessThanOrEqual(3);
    });

    within('tries a failing batch again, and goes on with the others meanwhile', async (bus, stop) => {
      await bus.register('g', 'flaky');
      let failures = 2;
      const got: unknown[] = [];
      const both = gate();
      const run = bus.consume(
        'g',
        'flaky',
        async ([value]) => {
          if (value === 'bad' && failures > 0) {
            failures -= 1;
            throw new Error('not yet');
          }
          got.push(value);
          if (got.length === 2) both.open();
        },
        { signal: stop.signal },
      );
      await bus.publish('flaky', ['bad']);
      await bus.publish('flaky', ['good']);
      await both.passed;
      stop.abort();
      await run;
      expect(new Set(got)).toEqual(new Set(['bad', 'good']));
      expect(await bus.deadLetters()).toEqual([]);
    });

    within('sets a poison batch aside after its tries, keeps why, and can revive it', async (bus, stop) => {
      await bus.register('g', 'poison');
      let tries = 0;
      let heal = false;
      const after = gate();
      const healed = gate();
      const run = bus.consume(
        'g',
        'poison',
        async ([value]) => {
          if (value === 'last') return after.open();
          tries += 1;
          if (heal) return healed.open();
          if (tries === 3) await bus.publish('poison', ['last']);
          throw new Error('cannot \u0000 read this');
        },
        { signal: stop.signal },
      );
      await bus.publish('poison', [{ broken: true }]);
      await after.passed;
      expect(await bus.depth()).toMatchObject({ dead: 1 });
      const [letter] = await bus.deadLetters('poison');
      expect(letter).toMatchObject({ topic: 'poison', group: 'g', batch: [{ broken: true }], attempts: 3 });
      expect(letter?.error).toMatch(/^cannot .* read this$/);
      heal = true;
      expect(await bus.revive(letter?.id ?? -1)).toBe(true);
      expect(await bus.revive(-1)).toBe(false);
      await healed.passed;
      stop.abort();
      await run;
      expect(await bus.deadLetters('poison')).toEqual([]);
      expect(await bus.depth()).toEqual({ waiting: 0, dead: 0 });
    });

    within('finishes what is in flight when it is told to end', async (bus, stop) => {
      await bus.register('g', 'end');
      const started = gate();
      const release = gate();
      let finished = false;
      const run = bus.consume(
        'g',
        'end',
        async () => {
          started.open();
          await release.passed;
          finished = true;
        },
        { signal: stop.signal },
      );
      await bus.publish('end', [1]);
      await started.passed;
      stop.abort();
      release.open();
      await run;
      expect(finished).toBe(true);
    });

    within('carries text with NUL, lone surrogates and escapes unchanged', async (bus, stop) => {
      await bus.register('g', 'text');
      const nasty = ['\u0000', '\ud800', '\u001b[31m', '{"a":1}', "'; drop table bus_messages; --"];
      await bus.publish('text', nasty);
      let got: unknown;
      const run = collect(
        bus,
        'g',
        'text',
        stop.signal,
        (batch) => {
          got = batch;
        },
        1,
      );
      await run.reached;
      stop.abort();
      await run.done;
      expect(got).toEqual(nasty);
    });
  });
}

export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

function collect(
  bus: Bus,
  group: string,
  topic: string,
  signal: AbortSignal,
  take: (batch: readonly unknown[]) => unknown,
  count: number,
  maxInFlight = 1,
): { readonly reached: Promise<void>; readonly done: Promise<void> } {
  const all = gate();
  let seen = 0;
  const done = bus.consume(
    group,
    topic,
    async (batch) => {
      await take(batch);
      seen += 1;
      if (seen === count) all.open();
    },
    { signal, maxInFlight },
  );
  return { reached: all.passed, done };
}
