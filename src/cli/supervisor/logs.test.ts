import { expect, test } from 'vitest';
import { limitsAt } from './logs.js';

test('the less room there is, the less stays of older logs', () => {
  const limits = { bytes: 16 << 20, files: 4 };
  expect(limitsAt('normal', limits)).toEqual(limits);
  expect(limitsAt('tight', limits)).toEqual({ ...limits, files: 1 });
  expect(limitsAt('full', limits)).toEqual({ ...limits, files: 0 });
  expect(limitsAt('tight', { ...limits, files: 0 }).files).toBe(0);
});
