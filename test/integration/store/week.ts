/** Days of a busy installation, on a clock that moves when told, through the real store and the job that keeps its limits. */
import { expect } from 'vitest';
import { type manualClock, silent } from '../../../src/base/index.js';
import type { Incident, Observation } from '../../../src/model/index.js';
import { createRetention } from '../../../src/server/jobs/retention.js';
import { kindOrder, type Store } from '../../../src/store/index.js';
import { decision, observation } from '../../fakes/example-observation.js';
import { testStore } from '../../fakes/test-store.js';

const day = 86_400_000;
const batchRows = 500;
/** How far a burst may get before it is dealt with. */
const overshoot = 1.25;

export interface Week {
  readonly rowsADay: number;
  readonly bytes: number;
}

/** Returns what became of it, in one line. */
export async function liveThroughAWeek(week: Week): Promise<string> {
  const { dispose, ...made } = await testStore();
  try {
    return await liveThrough(week, made);
  } finally {
    await dispose();
  }
}

export async function liveThrough(
  { rowsADay, bytes }: Week,
  { store, clock }: { readonly store: Store; readonly clock: ReturnType<typeof manualClock> },
): Promise<string> {
  const limit = { days: 5.5, bytes };
  const retention = createRetention({
    store,
    clock,
    log: silent,
    config: { retention: { observations: limit, decisions: limit, evidence: limit }, evidenceDir: '/nonexistent' },
  });
  const began = clock.now();
  await store.audit.append({ actor: 'test', action: 'week.begin', subject: 'store', detail: {} });
  let number = 0;
  let incident: Incident | undefined;
  const refused = new Map<string, number>();
  const largest = { decisions: 0, observations: 0 };
  for (let today = 0; today < 7; today += 1) {
    await store.observations.makeDays();
    for (let sent = 0; sent < rowsADay; sent += batchRows) {
      const batch = Array.from({ length: batchRows }, (_, n) => row(number + n + 1, clock.now()));
      number += batchRows;
      for (const { id, at, event } of batch)
        if (event.kind === 'request' && event.verdict.effect === 'deny') refused.set(id, at);
      expect(await store.observations.insert(batch)).toHaveLength(batchRows);
      if (incident === undefined) {
        incident = about(batch.slice(0, 40));
        await store.incidents.save(incident);
      }
      await retention.taken(batch);
      for (const kind of kindOrder) {
        const now = await store.retention.bytes(kind);
        largest[kind] = Math.max(largest[kind], now);
        expect(now, `${kind} in a burst`).toBeLessThanOrEqual(bytes * overshoot);
      }
      clock.advance((day * batchRows) / rowsADay);
    }
    await retention.check();
    for (const kind of kindOrder)
      expect(await store.retention.bytes(kind), `${kind} on day ${today}`).toBeLessThanOrEqual(bytes);
  }
  for (const kind of kindOrder) expect(largest[kind], `${kind} reached its quota`).toBeGreaterThan(bytes / 2);

  // What the open incident refers to is all there, word for word.
  for (const signal of incident?.signals ?? []) {
    const found = await store.observations.get(signal.observation, signal.at);
    expect(found?.id, `pinned ${signal.observation}`).toBe(signal.observation);
  }
  // Refusals go by age alone here, since what was let through went first.
  const totals = await store.retention.totals();
  expect(totals.map(({ store: kind, reason }) => `${kind} ${reason}`)).toEqual(
    expect.arrayContaining(['decisions age', 'decisions quota', 'observations quota']),
  );
  const present = new Set<string>();
  for (let cursor: string | undefined; ; ) {
    const page = await store.observations.after(cursor, { limit: 10_000 });
    if (page.observations.length === 0) break;
    for (const { id } of page.observations) present.add(id);
    cursor = page.cursor;
  }
  const oldestDay = Math.floor((clock.now() - limit.days * day) / day) * day;
  const missing = [...refused].filter(([id, at]) => at >= oldestDay + day && !present.has(id));
  expect(missing).toEqual([]);
  // Nothing is lost silently.
  const dropped = totals.reduce((sum, { rows }) => sum + rows, 0);
  expect(present.size + dropped).toBe(number);
  expect(dropped).toBeGreaterThan(number / 3);
  expect((await store.retention.gaps(began, began + 3_600_000)).length).toBeGreaterThan(0);
  expect(await store.audit.verify()).toMatchObject({ ok: true });

  // Closed, an incident holds nothing any more.
  if (incident !== undefined) await store.incidents.save({ ...incident, state: 'closed' });
  clock.advance(2 * 3_600_000);
  await retention.check();
  for (const signal of incident?.signals ?? [])
    expect(await store.observations.get(signal.observation, signal.at)).toBeUndefined();
  const megabytes = (size: number) => (size / 1_048_576).toFixed(1);
  const largestOf = kindOrder.map((kind) => `${kind} at most ${megabytes(largest[kind])}`).join(', ');
  return `${number} rows, ${dropped} went, quota ${megabytes(bytes)} MB: ${largestOf} MB`;
}

/** Of twenty rows one is refused, thirteen are let through, six are what the sensor saw. */
function row(number: number, at: number): Observation {
  const over = { at };
  if (number % 20 === 0) return decision(number, 'deny', over);
  return number % 20 < 14 ? decision(number, 'allow', over) : observation(number, over);
}

export function about(rows: readonly Observation[]): Incident {
  const at = rows[0]?.at ?? 0;
  return {
    id: 'INC-1',
    state: 'open',
    severity: 'high',
    score: 9,
    title: 'payments read what it should not',
    openedAt: at,
    firstAt: at,
    lastAt: at,
    containedAt: null,
    layers: ['runtime', 'api'],
    tactics: ['TA0006'],
    services: ['payments'],
    signals: rows.map((row) => ({
      id: `RT-001:${row.id}`,
      at: row.at,
      host: row.host,
      layer: row.layer,
      service: row.service,
      workload: row.workload,
      identity: row.identity,
      rule: 'RT-001',
      kind: 'rule',
      severity: 'high',
      tactic: 'TA0006',
      technique: null,
      title: 'read a secret',
      detail: '',
      outcome: 'detected',
      observation: row.id,
      join: row.join,
    })),
    links: [],
  };
}
