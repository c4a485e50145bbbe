import { expect, test } from 'vitest';
import { writeAheadSettings } from './write-ahead.js';

test.each([
  [100, '64MB', '32MB'],
  [300, '64MB', '32MB'],
  [1_024, '128MB', '64MB'],
  [4_096, '512MB', '80MB'],
  [1_000_000, '512MB', '80MB'],
])('on a disk of %i MB', (megabytes, max, min) => {
  expect(writeAheadSettings(megabytes * 1_048_576)).toEqual({ max_wal_size: max, min_wal_size: min });
});
