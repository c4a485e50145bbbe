import { expect, test } from 'vitest';
import { mayTraceOthers, withEyesOf } from './eyes.js';

test('CAP_SYS_PTRACE is bit 19 of the effective set', () => {
  expect(mayTraceOthers('CapEff:\t000001ffffffffff\n')).toBe(true);
  expect(mayTraceOthers('CapEff:\t00000000a80425fb\n')).toBe(false); // a default container's
  expect(mayTraceOthers('CapPrm:\t000001ffffffffff\n')).toBe(false);
  expect(mayTraceOthers('')).toBe(false);
});

test('an answer and an error come through, and our ids are our own again', () => {
  const ids = [process.geteuid?.(), process.getegid?.()];
  expect(withEyesOf({ uid: 65_534, gid: 65_534 }, () => 7)).toBe(7);
  const failing = () =>
    withEyesOf({ uid: 65_534, gid: 65_534 }, () => {
      throw new Error('no');
    });
  expect(failing).toThrow('no');
  expect([process.geteuid?.(), process.getegid?.()]).toEqual(ids);
});
