import { expect, test } from 'vitest';
import { manualClock } from '../../base/index.js';
import { createThrottle, sourceOf } from './throttle.js';

const attacker = { account: 'ana', source: '203.0.113.9', known: false };
const owner = { account: 'ana', source: '198.51.100.7', known: true };

test('a few mistakes are free, then each costs twice the time of the one before', () => {
  const clock = manualClock();
  const throttle = createThrottle(clock);
  const waits = [];
  for (let guess = 0; guess < 12; guess += 1) {
    const wait = throttle.take(attacker);
    if (wait > 0) {
      waits.push(wait);
      clock.advance(wait);
      expect(throttle.take(attacker)).toBe(0);
    }
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]);
});

test('a thousand guesses from many sources do not keep out a source that its owner uses', () => {
  const clock = manualClock();
  const throttle = createThrottle(clock);
  let tried = 0;
  for (let guess = 0; guess < 1_000; guess += 1)
    if (throttle.take({ ...attacker, source: `203.0.113.${guess}` }) === 0) tried += 1;
  expect(tried).toBe(30);
  expect(throttle.take({ ...owner, known: false })).toBeGreaterThan(0);
  for (let typo = 0; typo < 4; typo += 1) expect(throttle.take(owner)).toBe(0);
  throttle.succeeded(owner);
  for (let typo = 0; typo < 5; typo += 1) expect(throttle.take(owner)).toBe(0);
  expect(throttle.take(owner)).toBeGreaterThan(0);
});

test('one password tried on many accounts is slowed too, and an own account in between does not help', () => {
  const throttle = createThrottle(manualClock());
  const mallory = { account: 'mallory', source: attacker.source, known: true };
  let tried = 0;
  for (let guess = 0; guess < 200; guess += 1) {
    if (throttle.take({ ...attacker, account: `person ${guess}` }) === 0) tried += 1;
    if (throttle.take(mallory) === 0) throttle.succeeded(mallory);
  }
  expect(tried).toBe(30);
});

test('what it remembers is bounded, and ends', () => {
  const clock = manualClock();
  const throttle = createThrottle(clock, 100);
  for (let guess = 0; guess < 5; guess += 1) throttle.take(attacker);
  expect(throttle.take(attacker)).toBeGreaterThan(0);
  clock.advance(3_600_001);
  expect(throttle.take(attacker)).toBe(0);
});

test('a host has one IPv4 address, and one IPv6 network', () => {
  expect(sourceOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(sourceOf('2001:db8:0:1:aaaa:bbbb:cccc:dddd')).toBe('2001:db8:0:1::/64');
  expect(sourceOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect(sourceOf('2001:0db8::2')).toBe(sourceOf('2001:db8::1'));
  expect(sourceOf('::1')).toBe('0:0:0:0::/64');
});
