/** Runs with every unit test file: whoever opens a file closes it. */
import { afterAll, expect, vi } from 'vitest';
import { closeOpenFiles, openFiles } from './open-files.js';

afterAll(async () => {
  try {
    // What closes behind an answer may still be at it.
    await vi.waitFor(() => expect(openFiles()).toEqual([]), { timeout: 20_000, interval: 10 });
  } finally {
    await closeOpenFiles();
  }
});
