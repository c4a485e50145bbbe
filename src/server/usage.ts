/** What every store holds, may hold, and let go of. */
import type { z } from 'zod';
import { roomAt } from '../base/index.js';
import { kindOrder } from '../store/index.js';
import type { StatusAnswer, StoreRow } from './api/status.js';
import type { Context } from './context.js';

type Row = z.infer<typeof StoreRow>;

export async function storeRows({ store, config, retention, evidenceSpace }: Context): Promise<Row[]> {
  const [totals, tables, queued, evidence, oldestEvidence] = await Promise.all([
    store.retention.totals(),
    store.retention.tableBytes(['signals', 'audit', 'incidents', 'changes']),
    store.retention.queued(),
    evidenceSpace.used(),
    store.evidence.oldest(),
  ]);
  const rows: Omit<Row, 'dropped'>[] = [];
  const over = retention.pinnedOver();
  for (const kind of kindOrder) {
    const state = over.includes(kind) ? 'pinned-over' : 'ok';
    rows.push({ store: kind, ...(await store.retention.usage(kind)), quota: config.retention[kind].bytes, state });
  }
  const { quota } = evidenceSpace;
  rows.push(
    { store: 'evidence', bytes: evidence, quota, oldest: oldestEvidence, state: evidence < quota ? 'ok' : 'refusing' },
    { store: 'queue', bytes: queued.bytes, quota: null, oldest: null, state: retention.isBehind() ? 'refusing' : 'ok' },
  );
  for (const name of ['signals', 'audit', 'incidents', 'changes'] as const)
    rows.push({ store: name, bytes: tables[name] ?? 0, quota: null, oldest: null, state: 'ok' });
  return rows.map((row) => ({
    ...row,
    dropped: totals
      .filter((drop) => drop.store === row.store || (row.store === 'queue' && drop.store === 'dead letters'))
      .map(({ store: _store, ...drop }) => drop),
  }));
}

export function diskOf({ config, disk }: Context): z.infer<typeof StatusAnswer>['disk'] {
  const { freeBytes, totalBytes } = roomAt(config.evidenceDir);
  return { level: disk.level(), freeBytes, totalBytes };
}
