/** What a restored backup says of its keys and of the raw events that were on the lost disk alone. */
import type { Restored } from './read.js';

export function keysTold({ keys }: Pick<Restored, 'keys'>): string {
  return keys === null
    ? 'its keys were not opened: the root key is under a passphrase'
    : `${keys} keys open with its root key`;
}

export function spoolTold({ spool }: Pick<Restored, 'spool'>): string {
  if (spool === null) return 'no index of a spool is in it';
  const { unshipped } = spool;
  if (unshipped === null) return 'all raw events of its host were in the database';
  const { first, last, observations, firstAt, lastAt } = unshipped;
  return `at most ${observations} raw events of its host (blocks ${first} to ${last} of the spool, ${time(firstAt)} to ${time(lastAt)}) were not in the database yet`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
