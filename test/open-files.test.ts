import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openFiles } from './open-files.js';

test('a file counts as open until it is closed, with where it was opened', async () => {
  const file = await open('package.json');
  expect(openFiles()).toEqual([expect.stringMatching(/open package\.json[\s\S]*open-files\.test\.ts/)]);
  await file.close();
  expect(openFiles()).toEqual([]);
});
