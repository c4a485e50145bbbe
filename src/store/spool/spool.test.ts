import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { observation } from '../../../test/fakes/example-observation.js';
import { manualClock, silent } from '../../base/index.js';
import { HEADER_BYTES } from './block.js';
import { shippingCursor } from './cursor.js';
import { pinDirectory } from './retention.js';
import { readSpool, type SpoolItem } from './reader.js';
import type { SpoolKeys } from './ring.js';
import { openSpool, type SpoolOptions } from './writer.js';

const key = Buffer.alloc(32, 7);
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test('what was appended is read back in order, and stands encrypted on the disk', async () => {
  const { options, directory } = place();
  const spool = await openSpool(options);
  await Promise.all([0, 1, 2].map((part) => spool.append(range(part * 1_500, 1_500))));
  expect(spool.stats()).toMatchObject({ lost: 0, dropped: 0, full: false });
  await spool.close();
  const items = await all(directory);
  expect(items.every((item) => item.kind === 'block')).toBe(true);
  expect(idsOf(items)).toEqual(range(0, 4_500).map((row) => row.id));
  for (const name of segmentsIn(directory))
    expect(readFileSync(join(directory, name)).includes('payments')).toBe(false);
});

test('hostile text comes back as it was: NUL, lone surrogates, escapes', async () => {
  const { options, directory } = place();
  const spool = await openSpool(options);
  const nasty = observation(1, {
    event: { kind: 'open', path: '/\u0000\ud800\u001b[31m\n{"forged":1}', write: false },
  });
  await spool.append([nasty]);
  await spool.close();
  const [item] = await all(directory);
  expect(item?.kind === 'block' && item.observations).toEqual([nasty]);
});

test('a second writer on the same directory is refused', async () => {
  const { options } = place();
  const spool = await openSpool(options);
  await expect(openSpool(options)).rejects.toMatchObject({ code: 'locked' });
  await spool.close();
  await (await openSpool(options)).close();
});

test('a closed spool and a wrong key length are refused', async () => {
  const { options } = place();
  const spool = await openSpool(options);
  await spool.close();
  await expect(spool.append(range(0, 1))).rejects.toMatchObject({ code: 'spool-closed' });
  await expect(openSpool({ ...options, keys: only(Buffer.alloc(16)) })).rejects.toMatchObject({ code: 'spool-key' });
  await expect(all(options.directory, {}, Buffer.alloc(31))).rejects.toMatchObject({ code: 'spool-key' });
});

test('a block that a crash cut short, at any byte, is cut off at the next start and the chain goes on', async () => {
  for (const cut of [1, 15, 40, 200]) {
    const { options, directory } = place();
    const spool = await openSpool(options);
    await spool.append(range(0, 10));
    await spool.append(range(10, 10));
    await spool.close();
    const path = join(directory, segmentsIn(directory).at(-1) ?? '');
    truncateSync(path, statSync(path).size - cut);
    expect((await all(directory)).at(-1)).toMatchObject({ kind: 'problem', problem: 'torn' });
    const again = await openSpool(options);
    await again.append(range(20, 5));
    await again.close();
    const items = await all(directory);
    expect(items.filter((item) => item.kind === 'problem')).toEqual([]);
    expect(idsOf(items)).toEqual([...range(0, 10), ...range(20, 5)].map((row) => row.id));
  }
});

test('a changed byte, wherever it is, shows as tampering and yields nothing of that block', async () => {
  for (const offset of [5, 12, 30, 50, HEADER_BYTES + 3, -3]) {
    const { options, directory } = place();
    const spool = await openSpool(options);
    await spool.append(range(0, 10));
    await spool.append(range(10, 10));
    await spool.close();
    const path = join(directory, segmentsIn(directory)[0] ?? '');
    const bytes = readFileSync(path);
    const at = offset < 0 ? bytes.length + offset : offset;
    bytes[at] = (bytes[at] ?? 0) ^ 0x41;
    writeFileSync(path, bytes);
    const items = await all(directory);
    const problems = items.flatMap((item) => (item.kind === 'problem' ? [item.problem] : []));
    expect(problems.length, `byte ${offset}`).toBeGreaterThan(0);
    expect(idsOf(items).length, `byte ${offset}`).toBeLessThan(20);
  }
});

test('what comes while it is being closed is refused, what came before is written', async () => {
  const { directory, options } = place();
  const spool = await openSpool(options);
  const before = spool.append(range(0, 3));
  const closing = spool.close();
  await expect(spool.append(range(3, 1))).rejects.toMatchObject({ code: 'spool-closed' });
  await Promise.all([before, closing]);
  expect(idsOf(await all(directory))).toEqual(range(0, 3).map((row) => row.id));
});

describe('another key', () => {
  const [second, third] = [Buffer.alloc(32, 8), Buffer.alloc(32, 9)];
  /** A spool whose keys lie somewhere, as an agent's do. */
  function kept(more: Partial<SpoolOptions> = {}) {
    const { options: plain, directory, clock } = place();
    const options = { ...plain, ...more };
    const on = { disk: options.keys, fails: false };
    const keepKeys = async (keys: SpoolKeys) => {
      if (on.fails) throw new Error('no space left');
      on.disk = keys;
    };
    return { on, directory, clock, open: () => openSpool({ ...options, keys: on.disk, keepKeys }) };
  }
  const read = (directory: string, keys: SpoolKeys) => all(directory, {}, key, keys);

  test('seals what comes after it, the older ones still open what came before, also after a start', async () => {
    const { on, directory, open } = kept();
    const spool = await open();
    await spool.append(range(0, 10));
    await spool.rotate(second);
    await spool.append(range(10, 10));
    await spool.rotate(third);
    await spool.append(range(20, 10));
    await spool.close();
    expect(on.disk.current).toEqual(third);
    expect(on.disk.older.map(({ until }) => until)).toEqual([2, 1]);
    expect(segmentsIn(directory)).toHaveLength(3);
    expect(idsOf(await read(directory, on.disk))).toEqual(range(0, 30).map((row) => row.id));
    // The old key alone opens nothing of what came later.
    expect(idsOf(await all(directory, {}, key))).toEqual(range(0, 10).map((row) => row.id));
    const again = await open();
    await again.append(range(30, 1));
    await again.close();
    const items = await read(directory, on.disk);
    expect(items.filter(({ kind }) => kind === 'problem')).toEqual([]);
    expect(idsOf(items)).toHaveLength(31);
  });

  test('that cannot be kept is not used, and nothing is lost', async () => {
    const { on, directory, open } = kept();
    const spool = await open();
    await spool.append(range(0, 5));
    on.fails = true;
    await expect(spool.rotate(second)).rejects.toThrow('no space left');
    await spool.append(range(5, 5));
    on.fails = false;
    await expect(spool.rotate(Buffer.alloc(31))).rejects.toMatchObject({ code: 'spool-key' });
    await spool.close();
    expect(on.disk).toEqual(only(key));
    expect(idsOf(await read(directory, on.disk))).toHaveLength(10);
  });

  test('that was kept just before a kill is used by the next start, whose ledger the old one sealed', async () => {
    const { on, directory, open } = kept();
    const spool = await open();
    await spool.append(range(0, 5));
    await spool.close();
    on.disk = { current: second, older: [{ key, until: 1 }] };
    const next = await open();
    await next.append(range(5, 5));
    await next.close();
    const items = await read(directory, on.disk);
    expect(items.filter(({ kind }) => kind === 'problem')).toEqual([]);
    expect(idsOf(items)).toHaveLength(10);
  });

  test('goes when neither rotation nor a pin holds anything of it', async () => {
    const { on, directory, clock, open } = kept({ shipped: false, maxAgeMs: 0 });
    const spool = await open();
    await spool.append(range(0, 5));
    await spool.hold([{ id: 'INC-1', since: 0, until: Number.MAX_SAFE_INTEGER }], 1e9);
    await spool.rotate(second);
    await spool.append(range(5, 5));
    clock.advance(1e13);
    await spool.retain();
    // Dropped from the rotation, and still there for the pin.
    expect(segmentsIn(directory)).toHaveLength(1);
    expect(on.disk.older).toHaveLength(1);
    const pin = pinDirectory(directory, 'INC-1');
    expect(idsOf(await all(pin, { fragment: true }, key, on.disk))).toHaveLength(5);
    await spool.hold([], 1e9);
    expect(on.disk).toEqual(only(second));
    await spool.close();
  });
});

test('another key reads nothing and says so', async () => {
  const { options, directory } = place();
  const spool = await openSpool(options);
  await spool.append(range(0, 3));
  await spool.close();
  const items = await all(directory, {}, Buffer.alloc(32, 8));
  expect(idsOf(items)).toEqual([]);
  expect(items.every((item) => item.kind === 'problem' && item.problem === 'tampered')).toBe(true);
});

test('a removed segment is a gap, at the beginning, in the middle and when all are gone', async () => {
  for (const victim of [0, 1]) {
    const { directory } = await segmented(4);
    unlinkSync(join(directory, segmentsIn(directory)[victim] ?? ''));
    expect((await all(directory)).filter((item) => item.kind === 'problem')).toMatchObject([
      { problem: 'gap', sequence: victim + 1 },
    ]);
  }
  const { directory, options } = await segmented(4);
  for (const name of segmentsIn(directory)) unlinkSync(join(directory, name));
  expect(await all(directory)).toMatchObject([{ kind: 'problem', problem: 'gap' }]);
  // And the numbers that were used are not used again.
  await shippingCursor(directory).commit(5);
  const spool = await openSpool(options);
  await spool.append(range(100, 1));
  expect(spool.stats().sequence).toBe(5);
  await spool.close();
});

test('segments put in another order show', async () => {
  const { directory } = await segmented(3);
  const [first, second] = segmentsIn(directory).map((name) => join(directory, name));
  const [a, b] = [readFileSync(first ?? ''), readFileSync(second ?? '')];
  writeFileSync(first ?? '', b);
  writeFileSync(second ?? '', a);
  const problems = (await all(directory)).flatMap((item) => (item.kind === 'problem' ? [item.problem] : []));
  expect(problems).toContain('tampered');
});

test('a forged record of what retention dropped shows', async () => {
  const { directory } = await segmented(2);
  const path = join(directory, 'ledger.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"droppedTo":0', '"droppedTo":1'));
  expect((await all(directory))[0]).toMatchObject({ kind: 'problem', problem: 'tampered', segment: 'ledger.json' });
});

test('retention drops the oldest shipped segments only, counts them, and leaves no gap', async () => {
  const { directory, options, clock } = await segmented(4);
  clock.advance(60_000);
  const spool = await openSpool({ ...options, maxAgeMs: 0 });
  await spool.retain();
  expect(spool.stats().dropped).toBe(0); // nothing was shipped
  await shippingCursor(directory).commit(3);
  await spool.retain();
  expect(spool.stats()).toMatchObject({ dropped: 20, segments: 2 });
  await spool.close();
  const items = await all(directory);
  expect(items.map((item) => item.sequence)).toEqual([3, 4]);
  expect(items.every((item) => item.kind === 'block')).toBe(true);
});

test('squeezed, a spool keeps half of what was shipped, refuses nothing for it, and keeps what was not', async () => {
  const { directory, options } = await segmented(4);
  const whole = segmentsIn(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  const spool = await openSpool({ ...options, maxBytes: whole + 100 });
  await spool.squeeze(true);
  expect(spool.stats().dropped).toBe(0); // nothing was shipped
  await shippingCursor(directory).commit(100);
  await spool.squeeze(true);
  const { bytes, dropped } = spool.stats();
  expect(bytes).toBeLessThanOrEqual((whole + 100) / 2);
  expect(dropped).toBeGreaterThan(0);
  await spool.append([observation(9_000)]);
  await spool.squeeze(false);
  expect(spool.stats()).toMatchObject({ dropped, lost: 0, full: false });
  await spool.close();
  expect((await all(directory)).filter((item) => item.kind === 'problem')).toEqual([]);
});

test('a pin keeps its segments readable after retention, until it is released', async () => {
  const { directory, options, clock } = await segmented(4);
  clock.advance(60_000);
  const spool = await openSpool({ ...options, maxAgeMs: 0, shipped: false });
  const { at } = observation(12);
  await spool.hold([{ id: 'INC-1', since: at, until: at }], 1);
  await spool.retain();
  expect(spool.stats().segments).toBe(1);
  const items = await all(pinDirectory(directory, 'INC-1'), { fragment: true });
  expect(idsOf(items)).toEqual(range(10, 10).map((row) => row.id));
  expect(items.every((item) => item.kind === 'block')).toBe(true);
  await spool.hold([], 1);
  expect(await all(pinDirectory(directory, 'INC-1'), { fragment: true })).toEqual([]);
  await spool.close();
});

test('what incidents hold stays through rotation; what none wants goes; without room the new is refused, never the old', async () => {
  const { directory, options, clock } = await segmented(4);
  const at = (n: number) => observation(n).at;
  const first = { id: 'INC-1', since: at(0), until: at(9) };
  const later = { id: 'INC-2', since: at(12), until: at(25) };
  const spool = await openSpool({ ...options, maxAgeMs: 0 });
  expect(await spool.hold([first], 1)).toEqual({ bytes: 0, refused: [] });
  expect(await spool.hold([first], 1)).toEqual({ bytes: 0, refused: [] });
  clock.advance(60_000);
  await shippingCursor(directory).commit(100);
  await spool.retain();
  expect(segmentsIn(directory)).toHaveLength(1);
  const held = async (id: string) => {
    return idsOf(await all(pinDirectory(directory, id), { fragment: true }));
  };
  expect(await held('INC-1')).toEqual(range(0, 10).map(({ id }) => id));
  const refusing = await spool.hold([first, later], 1);
  expect(refusing.refused).toEqual(['INC-2']);
  expect(refusing.bytes).toBeGreaterThan(0);
  expect(await held('INC-1')).toHaveLength(10);
  expect(await spool.hold([], 1)).toMatchObject({ refused: [] });
  expect(readdirSync(join(directory, 'pins'))).toEqual([]);
  await spool.close();
});

test('a full spool refuses, counts what was lost, and takes up again once something was shipped', async () => {
  const { options, directory } = place();
  const spool = await openSpool({ ...options, maxBytes: 6_000, segmentBytes: 1 });
  let stored = 0;
  const full = await (async () => {
    for (;;) {
      try {
        await spool.append(range(stored * 10, 10));
        stored += 1;
      } catch (error) {
        return error;
      }
    }
  })();
  expect(full).toMatchObject({ code: 'spool-full' });
  expect(stored).toBeGreaterThan(2);
  expect(spool.stats()).toMatchObject({ lost: 10, full: true });
  await shippingCursor(directory).commit(stored);
  await spool.append(range(5_000, 10));
  expect(spool.stats()).toMatchObject({ lost: 10, full: false });
  await spool.close();
  const again = await openSpool(options);
  expect(again.stats().lost).toBe(10);
  await again.close();
  expect((await all(directory)).every((item) => item.kind === 'block')).toBe(true);
});

test('the cursor never goes back, and a broken one means: send again from the start', async () => {
  const { directory, options } = place();
  await (await openSpool(options)).close();
  const cursor = shippingCursor(directory);
  expect(await cursor.read()).toBe(1);
  await cursor.commit(9);
  await cursor.commit(4);
  expect(await cursor.read()).toBe(9);
  writeFileSync(join(directory, 'cursor.json'), '{"next":');
  expect(await cursor.read()).toBe(1);
});

test('reading starts at a block and can be narrowed to a time', async () => {
  const { directory } = await segmented(4);
  expect((await all(directory, { from: 3 })).map((item) => item.sequence)).toEqual([3, 4]);
  const { at } = observation(25);
  expect((await all(directory, { since: at, until: at })).map((item) => item.sequence)).toEqual([3]);
});

test('a file that is no segment is reported, and never believed', async () => {
  const { directory, options } = await segmented(2);
  const [first] = segmentsIn(directory);
  writeFileSync(join(directory, first ?? ''), Buffer.alloc(500, 0xff));
  const problems = (await all(directory)).filter((item) => item.kind === 'problem');
  expect(problems[0]).toMatchObject({ problem: 'tampered' });
  writeFileSync(join(directory, segmentsIn(directory)[1] ?? ''), Buffer.alloc(500));
  await expect(openSpool(options)).rejects.toMatchObject({ code: 'spool-io' });
});

function place() {
  const directory = mkdtempSync(join(tmpdir(), 'tc-spool-'));
  folders.push(directory);
  const clock = manualClock();
  const options: SpoolOptions = {
    directory,
    keys: only(key),
    keepKeys: async () => {},
    clock,
    log: silent,
    maxBytes: 64 << 20,
    maxAgeMs: 1e12,
    commitMs: 1,
  };
  return { directory, options, clock };
}

/** A spool of `count` segments with ten observations each. */
async function segmented(count: number) {
  const made = place();
  const spool = await openSpool({ ...made.options, segmentBytes: 1 });
  for (let n = 0; n < count; n += 1) await spool.append(range(n * 10, 10));
  await spool.close();
  expect(segmentsIn(made.directory)).toHaveLength(count);
  return made;
}

function range(from: number, count: number) {
  return Array.from({ length: count }, (_, n) => observation(from + n));
}

function segmentsIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.spool'))
    .sort();
}

const only = (current: Buffer): SpoolKeys => ({ current, older: [] });

async function all(directory: string, filter = {}, withKey = key, keys = only(withKey)): Promise<SpoolItem[]> {
  const items: SpoolItem[] = [];
  for await (const item of readSpool({ directory, keys: () => keys }, filter)) items.push(item);
  return items;
}

function idsOf(items: readonly SpoolItem[]): string[] {
  return items.flatMap((item) => (item.kind === 'block' ? item.observations.map((row) => row.id) : []));
}
