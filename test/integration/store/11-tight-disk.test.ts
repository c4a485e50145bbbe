/** A disk in memory that somebody else fills to 95 % and beyond: what goes, in which order, and that it comes back. */
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { diskLevel, diskWatch, exec, manualClock, roomAt, silent, systemClock } from '../../../src/base/index.js';
import { createRetention } from '../../../src/server/jobs/retention.js';
import {
  discoverCluster,
  openSpool,
  openStore,
  shippingCursor,
  startCluster,
  stopCluster,
  type Store,
} from '../../../src/store/index.js';
import { decision, observation } from '../../fakes/example-observation.js';
import { openDirectory, testAccount } from '../../fakes/test-store.js';
import { requires } from '../../requires.js';
import { about, liveThrough } from './week.js';

const it = await requires('root', 'postgresql');
const MB = 1 << 20;
const mounted: string[] = [];
afterEach(async () => {
  for (const root of mounted.splice(0)) {
    await stopCluster(join(root, 'm/d'));
    await exec('umount', ['-l', join(root, 'm')]);
    rmSync(root, { recursive: true, force: true });
  }
});

it('at 95 % what was let through goes first, then the oldest of the rest, never what is pinned; with room again nothing more', async () => {
  const { disk, connection } = await house('600m');
  const store = await openStore(connection, { clock: systemClock });
  const limit = { days: 14, bytes: 12 * MB };
  const levels: string[] = [];
  const watch = diskWatch(disk, (level) => levels.push(level));
  const retention = createRetention({
    store,
    clock: systemClock,
    log: silent,
    config: { retention: { observations: limit, decisions: limit, evidence: limit }, evidenceDir: join(disk, 'e') },
    disk: watch,
    ownDatabase: true,
  });
  const day = 86_400_000;
  const today = systemClock.now();
  let number = 0;
  for (const at of [today - day, today])
    for (let sent = 0; sent < 12_000; sent += 500) {
      const from = number;
      number += 500;
      await store.observations.insert(
        Array.from({ length: 500 }, (_, n) => {
          const over = { at: at + sent / 1_000 };
          if (n % 2 === 0) return observation(from + n, over);
          return decision(from + n, n % 9 === 0 ? 'deny' : 'allow', over);
        }),
      );
    }
  const held = await store.observations.list({ until: today - day / 2, limit: 50 });
  await store.incidents.save(about(held));
  await retention.check();
  expect([watch.level(), await store.retention.totals()]).toEqual(['normal', []]);
  const before = await counts(store);

  // Somebody else fills the disk to the last 5 %.
  fillTo(disk, 30 * MB);
  await retention.check();
  expect(levels).toEqual(['tight']);
  const totals = await store.retention.totals();
  expect(totals.map(({ store: kind, reason }) => `${kind} ${reason}`)).toContain('decisions disk');
  expect(totals.every(({ reason }) => reason === 'disk')).toBe(true);
  const after = await counts(store);
  expect(after.allowed).toBeLessThan(before.allowed);
  expect(after.denied).toBe(before.denied);
  expect(await store.retention.bytes('decisions')).toBeLessThanOrEqual(limit.bytes / 2);
  for (const { id, at } of held) expect((await store.observations.get(id, at))?.id).toBe(id);
  const gone = totals.reduce((sum, { rows }) => sum + rows, 0);
  expect(after.allowed + after.denied + after.seen + gone).toBe(number);

  // The limits hold at half, and not less: a second look takes nothing more for a disk that others fill.
  await retention.check();
  expect(await store.retention.totals()).toEqual(totals);

  rmSync(join(disk, 'filler'));
  await retention.check();
  expect(levels).toEqual(['tight', 'normal']);
  expect(await store.audit.verify()).toMatchObject({ ok: true });
  await store.close();
}, 300_000);

it('on a full disk nothing half done is left, and all goes on when there is room', async () => {
  const { disk, connection } = await house('400m');
  const store = await openStore(connection, { clock: systemClock });
  const watch = diskWatch(disk, () => {});
  const limit = { days: 14, bytes: 6 * MB };
  const retention = createRetention({
    store,
    clock: systemClock,
    log: silent,
    config: { retention: { observations: limit, decisions: limit, evidence: limit }, evidenceDir: join(disk, 'e') },
    disk: watch,
    ownDatabase: true,
  });
  const at = systemClock.now();
  const rows = Array.from({ length: 12_000 }, (_, n) => observation(n, { at: at + n / 1_000 }));
  for (let from = 0; from < rows.length; from += 1_000) await store.observations.insert(rows.slice(from, from + 1_000));
  expect(await store.retention.bytes('observations')).toBeGreaterThan(limit.bytes);
  fillTo(disk, 1 * MB);
  // Refused by the database or done: never in between.
  await retention.check();
  expect(watch.level()).toBe('full');
  const kept = await store.observations.count();
  const totals = await store.retention.totals();
  expect(kept + totals.reduce((sum, drop) => sum + drop.rows, 0)).toBe(rows.length);
  rmSync(join(disk, 'filler'));
  await retention.check();
  expect(watch.level()).toBe('normal');
  expect(await store.retention.bytes('observations')).toBeLessThanOrEqual(limit.bytes);
  const dropped = (await store.retention.totals()).reduce((sum, drop) => sum + drop.rows, 0);
  expect((await store.observations.count()) + dropped).toBe(rows.length);
  await store.close();
}, 300_000);

it('a week fits on a small disk, with the database, its own log and room to spare', async () => {
  const { disk, connection } = await house('300m');
  const clock = manualClock();
  const store = await openStore(connection, { clock });
  const said = await liveThrough({ rowsADay: 14_000, bytes: 16 * MB }, { store, clock });
  expect(diskLevel(roomAt(disk)), said).toBe('normal');
  await store.close();
}, 600_000);

it('the spool of a host gives back what was shipped, on the same rule', async () => {
  const { disk } = await smallDisk('200m');
  const directory = join(disk, 'spool');
  const spool = await openSpool({
    directory,
    keys: { current: Buffer.alloc(32, 1), older: [] },
    keepKeys: async () => {},
    clock: systemClock,
    log: silent,
    maxBytes: 2 * MB,
    maxAgeMs: 14 * 86_400_000,
    commitMs: 1,
    segmentBytes: 64 << 10,
  });
  for (let n = 0; spool.stats().bytes < 1.5 * MB; n += 100)
    await spool.append(Array.from({ length: 100 }, (_, k) => observation(n + k)));
  const watch = diskWatch(disk, () => {});
  const look = () => spool.squeeze(watch.look() !== 'normal');
  fillTo(disk, 30 * MB);
  await look();
  expect([watch.level(), spool.stats().dropped]).toEqual(['tight', 0]); // nothing was shipped yet
  await shippingCursor(directory).commit(spool.stats().sequence);
  await look();
  expect(spool.stats().dropped).toBeGreaterThan(0);
  expect(spool.stats().bytes).toBeLessThanOrEqual(MB);
  rmSync(join(disk, 'filler'));
  await look();
  expect(watch.level()).toBe('normal');
  await spool.close();
});

async function counts(store: Store) {
  const total = await store.observations.count();
  const requests = await store.observations.count({ kind: 'request' });
  let denied = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await store.observations.after(cursor, { kind: 'request', limit: 10_000 });
    if (page.observations.length === 0) break;
    denied += page.observations.filter(
      ({ event }) => event.kind === 'request' && event.verdict.effect === 'deny',
    ).length;
    cursor = page.cursor;
  }
  return { allowed: requests - denied, denied, seen: total - requests };
}

/** Leaves so many bytes free. */
function fillTo(disk: string, free: number): void {
  const room = roomAt(disk).freeBytes;
  const { bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), Buffer.alloc(Math.max(bsize, room - free)));
}

async function house(size: string) {
  const { disk, root } = await smallDisk(size);
  const account = await testAccount();
  if (account === undefined) throw new Error('runs as root');
  await mkdir(join(disk, 'e'));
  const options = { dataDir: join(disk, 'd'), runtimeDir: join(root, 'r'), account, clock: systemClock, log: silent };
  const cluster = await startCluster(await discoverCluster({ ...options, dataDir: join(root, 'bin') }), options);
  return { disk, connection: cluster.connection };
}

async function smallDisk(size: string): Promise<{ disk: string; root: string }> {
  const root = openDirectory();
  mounted.push(root);
  const disk = join(root, 'm');
  await mkdir(disk);
  const done = await exec('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0711`, 'tmpfs', disk]);
  expect(done.status, done.stderr).toBe(0);
  return { disk, root };
}
