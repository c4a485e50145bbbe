import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sweepEnded } from './logs.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tc-planes-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('logs of sidecars go two weeks after their workload, and of many only the newest stay; others are not touched', () => {
  const now = 1_700_000_000_000;
  const day = 86_400_000;
  const write = (name: string, age: number) => {
    writeFileSync(join(folder, name), 'x');
    utimesSync(join(folder, name), (now - age) / 1_000, (now - age) / 1_000);
  };
  write('orders-0000live.plane.log', 30 * day);
  write('orders-0000live.plane.log.1', 30 * day);
  write('orders-0000gone.plane.log', 15 * day);
  write('orders-0000gone.plane.log.2', 16 * day);
  write('orders-00000new.plane.log', 13 * day);
  write('gateway.log', 60 * day);
  write('agent.log', 60 * day);
  expect(sweepEnded(folder, new Set(['orders-0000live']), now).sort()).toEqual([
    'orders-0000gone.plane.log',
    'orders-0000gone.plane.log.2',
  ]);
  for (let n = 0; n < 250; n += 1) write(`catalog-${String(n).padStart(8, '0')}.plane.log`, n * 1_000);
  expect(sweepEnded(folder, new Set(['orders-0000live', 'catalog-00000249']), now)).toContain(
    'catalog-00000248.plane.log',
  );
  const left = readdirSync(folder);
  expect(left.filter((name) => name.startsWith('catalog'))).toHaveLength(201);
  expect(left).toEqual(expect.arrayContaining(['gateway.log', 'agent.log', 'orders-0000live.plane.log.1']));
});
