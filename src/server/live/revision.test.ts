import { expect, test } from 'vitest';
import { revisionBoard } from './revision.js';

test('wakes whoever waits for something newer, and no sooner', async () => {
  const board = revisionBoard(7);
  const waiting = board.newer(7, 60_000, new AbortController().signal);
  board.announce(6);
  board.announce(9);
  expect(await waiting).toBe(9);
});

test('answers at once to an older revision, and to one of another database', async () => {
  const board = revisionBoard(7);
  expect(await board.newer(3, 60_000, new AbortController().signal)).toBe(7);
  expect(await board.newer(900, 60_000, new AbortController().signal)).toBe(7);
});

test('lets go of a waiter whose connection is gone', async () => {
  const board = revisionBoard(1);
  const gone = new AbortController();
  const waiting = board.newer(1, 60_000, gone.signal);
  gone.abort();
  expect(await waiting).toBe(1);
});
