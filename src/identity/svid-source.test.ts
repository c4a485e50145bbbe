import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../base/index.js';
import { type CertificateAuthority, openCertificateAuthority } from './ca.js';
import { createSvidSource, type SvidSource, type Timers } from './svid-source.js';

const id = 'spiffe://shop.test/service/orders';
const minute = 60_000;
let base: string;
let world: ReturnType<typeof newWorld>;
let ca: CertificateAuthority;
let asked: number;
let failing: boolean;
let source: SvidSource;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'tc-source-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeEach(async () => {
  world = newWorld();
  ca = await openCertificateAuthority({ directory: join(base, 'ca'), trustDomain: 'shop.test', clock: world.clock });
  asked = 0;
  failing = false;
  source = createSvidSource({
    clock: world.clock,
    timers: world.timers,
    random: () => 0.5,
    expectedId: id,
    renew: async (publicKey) => {
      asked += 1;
      if (failing) throw new Error('control plane away');
      return ca.issueSvid({ id, publicKey }).chainPem;
    },
  });
});

test('renews at half life with a new key, and tells who listens', async () => {
  await source.start();
  const first = source.current();
  const seen: string[] = [];
  source.onChange((svid) => seen.push(svid.privateKeyPem));
  await world.pass(25 * minute);
  expect(asked).toBe(1);
  await world.pass(6 * minute);
  expect(asked).toBe(2);
  expect(seen).toEqual([source.current()?.privateKeyPem]);
  expect(source.current()?.privateKeyPem).not.toBe(first?.privateKeyPem);
  source.stop();
});

test('lives through a day of rotations without a moment of no identity', async () => {
  await source.start();
  for (let step = 0; step < 24 * 12; step += 1) {
    await world.pass(5 * minute);
    expect(source.state().kind).toBe('current');
  }
  expect(asked).toBeGreaterThan(45);
  expect(asked).toBeLessThan(60);
  source.stop();
});

test('retries with growing pauses, keeps the valid one meanwhile, and never hands out an expired one', async () => {
  await source.start();
  failing = true;
  await world.pass(40 * minute);
  expect(source.state()).toMatchObject({ kind: 'renewal-failing' });
  expect(source.current()).toBeDefined();
  // at most one attempt a minute once the pauses have grown
  expect(asked).toBeLessThan(40);
  await world.pass(25 * minute);
  expect(source.state()).toMatchObject({ kind: 'expired' });
  expect(source.current()).toBeUndefined();
  failing = false;
  await world.pass(2 * minute);
  expect(source.state()).toMatchObject({ kind: 'current' });
  source.stop();
});

test('is starting until the first answer, and gets there when the control plane comes', async () => {
  failing = true;
  await source.start();
  expect(source.state()).toEqual({ kind: 'starting' });
  failing = false;
  await world.pass(2 * minute);
  expect(source.state().kind).toBe('current');
  source.stop();
});

test('a wall clock set forward past the end renews at the next look', async () => {
  await source.start();
  world.jump(3 * 60 * minute);
  expect(source.current()).toBeUndefined();
  await world.pass(minute);
  expect(source.state().kind).toBe('current');
  expect(asked).toBe(2);
  source.stop();
});

test('a wall clock set back does not keep an old certificate in use', async () => {
  await source.start();
  world.jump(-30_000);
  await world.pass(31 * minute);
  expect(asked).toBe(2);
  // back before it was issued: not valid here, so a new one is fetched
  world.jump(-24 * 60 * minute);
  failing = true;
  await world.pass(minute);
  expect(source.state().kind).toBe('expired');
  source.stop();
});

test('refuses a chain for another identity or another key', async () => {
  const other = createSvidSource({
    clock: world.clock,
    timers: world.timers,
    expectedId: id,
    renew: async (publicKey) => ca.issueSvid({ id: 'spiffe://shop.test/service/payments', publicKey }).chainPem,
  });
  await other.start();
  expect(other.state()).toEqual({ kind: 'starting' });
  other.stop();
  const chain = ca.issueSvid({ id, publicKey: (await import('./svid.js')).generateKeyPair().publicKeyPem }).chainPem;
  for (const answer of [chain, [], ['garbage'], [ca.bundle()[0] ?? '']]) {
    const odd = createSvidSource({ clock: world.clock, timers: world.timers, renew: async () => answer });
    expect(await odd.renewNow()).toBe(false);
    expect(odd.current()).toBeUndefined();
    odd.stop();
  }
});

test('a listener that fails takes nothing from the others', async () => {
  let told = 0;
  source.onChange(() => {
    throw new Error('broken listener');
  });
  const off = source.onChange(() => {
    told += 1;
  });
  await source.start();
  off();
  await source.renewNow();
  expect(told).toBe(1);
  source.stop();
});

test('after stop nothing is asked for any more', async () => {
  await source.start();
  source.stop();
  await world.pass(120 * minute);
  expect(asked).toBe(1);
});

/** Wall and monotonic clock that part on a jump, and the timers that run on the second. */
function newWorld() {
  let mono = 0;
  let wall = Math.floor(systemClock.now());
  const due = new Map<object, { at: number; run: () => void }>();
  const clock: Clock = { now: () => wall, monotonic: () => mono };
  const timers: Timers = (delayMs, run) => {
    const key = {};
    due.set(key, { at: mono + delayMs, run });
    return () => due.delete(key);
  };
  return {
    clock,
    timers,
    jump(ms: number) {
      wall += ms;
    },
    async pass(ms: number) {
      const end = mono + ms;
      for (;;) {
        const next = [...due].sort(([, a], [, b]) => a.at - b.at)[0];
        if (next === undefined || next[1].at > end) break;
        due.delete(next[0]);
        wall += next[1].at - mono;
        mono = next[1].at;
        next[1].run();
        // renewals in these tests settle within one turn of the loop
        await new Promise((resolve) => setImmediate(resolve));
      }
      wall += end - mono;
      mono = end;
    },
  };
}
