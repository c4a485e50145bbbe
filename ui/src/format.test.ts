import { expect, it } from 'vitest';
import { ago, bytes, duration, offset, rate, shortDigest, visible } from './format.ts';

it('writes control characters, overrides and invisible characters out', () => {
  expect(visible('a\u001b[2Jb')).toBe('a\\x1b[2Jb');
  expect(visible('\u202egnp.exe')).toBe('\\u{202e}gnp.exe');
  expect(visible('line\r\nforged')).toBe('line\\x0d\\x0aforged');
  expect(visible('zero\u200bwidth')).toBe('zero\\u{200b}width');
});

it('bounds hostile text', () => {
  expect(visible('x'.repeat(10_000), 100)).toHaveLength(101);
});

it('gives durations the unit a person would choose', () => {
  expect(duration(35)).toBe('35 ms');
  expect(duration(1_304)).toBe('1.30 s');
  expect(duration(250_000)).toBe('4 min 10 s');
  expect(duration(Number.NaN)).toBe('unknown');
  expect(duration(-5)).toBe('0 ms');
});

it('gives short offsets for an axis', () => {
  expect(offset(8)).toBe('+8 ms');
  expect(offset(1_210)).toBe('+1.21 s');
});

it('never shows a rate of nothing for something that happened', () => {
  expect(rate(0.01)).toBe('<1/min');
  expect(rate(0.4)).toBe('24/min');
  expect(rate(212)).toBe('212/s');
  expect(rate(0)).toBe('none');
});

it('says how long ago, no more exact than anybody wants it', () => {
  expect(ago(900)).toBe('just now');
  expect(ago(12_300)).toBe('12 s ago');
});

it('shortens digests and sizes', () => {
  expect(shortDigest(`sha256:${'5d0fa91c'.repeat(8)}`)).toBe('sha256:5d0fa9…a91c');
  expect(bytes(18_402_113)).toBe('18.4 MB');
});
