import { expect, test } from 'vitest';
import { leastRoom } from '../base/index.js';
import { Configuration } from '../model/index.js';
import { diskCheck } from './disk-check.js';

const MB = 1_048_576;
const room = (total: number, free: number) => () => ({
  totalBytes: total * MB,
  freeBytes: free * MB,
  full: free * MB < leastRoom,
});
const small = Configuration.parse({
  spool: { maxMegabytes: 8 },
  retention: {
    observations: { megabytes: 16 },
    decisions: { megabytes: 16 },
    evidence: { megabytes: 20 },
  },
});

test('settings that fit the disk are fine, those that do not are said with what to lower', () => {
  expect(diskCheck(small, '/', room(300, 200))).toMatchObject({
    status: 'ok',
    detail: '200 of 300 MB are free; the settings allow 60 MB',
  });
  expect(diskCheck(Configuration.parse({}), '/', room(4_000, 3_000))).toMatchObject({
    status: 'warn',
    detail: '3000 of 4000 MB are free; the settings allow 8192 MB',
    fix: expect.stringContaining('retention.*'),
  });
  const elsewhere = Configuration.parse({ ...small, database: { url: 'postgresql://db/x' } });
  expect(diskCheck(elsewhere, '/', room(300, 200)).detail).toContain('allow 28 MB');
});

test('little room comes before all else, also where the directory is not made yet', () => {
  expect(diskCheck(small, '/no/such/place', room(300, 30))).toMatchObject({
    status: 'warn',
    detail: expect.stringMatching(/nearly full/),
  });
  expect(diskCheck(small, '/', room(300, 10)).detail).toMatch(/: it is full$/);
  expect(diskCheck(small, '/no/such/place').name).toBe('disk');
});
