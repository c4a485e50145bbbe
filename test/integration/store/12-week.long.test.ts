/** The week of 10-retention, busier: a hundred thousand rows a day. */
import { afterAll, test } from 'vitest';
import { stopTestStores } from '../../fakes/test-store.js';
import { liveThroughAWeek } from './week.js';

afterAll(stopTestStores);

test('a busy week in small quotas', async ({ task }) => {
  task.meta.outcome = await liveThroughAWeek({ rowsADay: 100_000, bytes: 96 << 20 });
});
