import { appendFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock, silent } from '../../base/index.js';
import type { Observation } from '../../model/index.js';
import { shippingCursor } from './cursor.js';
import { holdsTogether, spoolInventory } from './inventory.js';
import { openSpool } from './writer.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tc-inventory-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const row = (at: number): Observation =>
  ({
    id: `o-${at}`,
    at,
    host: 'h',
    workload: null,
    service: 'web',
    layer: 'api',
    event: {
      kind: 'request',
      direction: 'in',
      method: 'GET',
      path: '/a',
      host: null,
      status: 200,
      peer: { service: null, identity: null, address: null, port: null },
      bytesIn: 0,
      bytesOut: 0,
      durationMs: 1,
    },
    join: {},
    verdict: null,
  }) as unknown as Observation;

/** Three blocks in two segments, of which one is shipped. */
async function filled() {
  const spool = await openSpool({
    directory,
    keys: { current: Buffer.alloc(32, 1), older: [] },
    keepKeys: async () => {},
    clock: manualClock(1),
    log: silent,
    maxBytes: 1 << 20,
    maxAgeMs: 86_400_000,
    segmentBytes: 400,
  });
  for (const at of [100, 200, 300]) await spool.append([row(at), row(at + 1)]);
  await spool.close();
  await shippingCursor(directory).commit(2);
}

test('says which blocks there are and which were not shipped, without the key', async () => {
  await filled();
  const found = await spoolInventory(directory, 7);
  expect(found.segments.map(({ first }) => first)[0]).toBe(1);
  expect(found.segments.at(-1)?.last).toBe(3);
  expect(found.segments.reduce((sum, { observations }) => sum + observations, 0)).toBe(6);
  expect(found.unshipped).toEqual({ first: 2, last: 3, observations: 4, firstAt: 200, lastAt: 301 });
  expect(holdsTogether(found)).toBe(true);
  await shippingCursor(directory).commit(4);
  expect((await spoolInventory(directory, 7)).unshipped).toBeNull();
});

test('a spool that is not there, is being written or was swapped for something else is no error', async () => {
  expect(await spoolInventory(join(directory, 'none'), 7)).toMatchObject({ segments: [], unshipped: null });
  await filled();
  const names = readdirSync(directory).filter((name) => name.endsWith('.spool'));
  const last = join(directory, names.sort().at(-1) ?? '');
  appendFileSync(last, 'TSP1 begun');
  expect((await spoolInventory(directory, 7)).segments.at(-1)?.last).toBe(3);
  truncateSync(last, 20);
  expect(holdsTogether(await spoolInventory(directory, 7))).toBe(true);
  rmSync(last);
  symlinkSync('/etc/passwd', last);
  expect(holdsTogether(await spoolInventory(directory, 7))).toBe(true);
  writeFileSync(join(directory, '0000000000000009.spool'), 'x'.repeat(500));
  expect(holdsTogether(await spoolInventory(directory, 7))).toBe(true);
});

test('segments that do not follow one another are no inventory of a spool', async () => {
  await filled();
  const found = await spoolInventory(directory, 7);
  const [first, ...rest] = found.segments;
  if (first === undefined) throw new Error('no segment');
  for (const segments of [
    [{ ...first, last: first.last + 1 }, ...rest],
    [{ ...first, hash: 'f'.repeat(64) }, ...rest],
    [...rest, first],
    [],
  ])
    expect(holdsTogether({ ...found, segments })).toBe(false);
  expect(holdsTogether({ ...found, segments: rest, unshipped: null })).toBe(true);
});
