/** What nobody saw while a service was learned: its proposal forbids that, and the reviewer must know. */
import type { z } from 'zod';
import type { ContractVersion } from '../model/index.js';
import type { LearningGap } from './api/contracts.js';
import type { Context } from './context.js';
import { blindSpans } from './views/blind.js';
import { gapRows } from './views/gaps.js';

const mostHosts = 50;
const mostSaid = 1_000;
const mostRows = 50;

/** Since the version in force came into force; of the runtime layer only when that is learned. */
export async function learningGaps(
  { store, clock }: Pick<Context, 'store' | 'clock'>,
  service: string,
  active: ContractVersion | undefined,
): Promise<z.infer<typeof LearningGap>[]> {
  const since = active?.decidedAt ?? 0;
  const now = clock.now();
  const dropped = gapRows(await store.retention.gaps(since, now)).map((gap) => ({
    host: null,
    since: gap.since,
    until: gap.until,
    sentence: gap.sentence,
  }));
  if (active !== undefined && active.contract.mode.runtime !== 'learn') return dropped.slice(0, mostRows);
  const workloads = await store.workloads.list({ service, limit: mostSaid });
  const hosts = new Set(
    workloads.filter(({ endedAt }) => endedAt === null || endedAt >= since).map(({ host }) => host),
  );
  const blind: z.infer<typeof LearningGap>[] = [];
  for (const host of [...hosts].sort().slice(0, mostHosts)) {
    const record = await store.hosts.get(host);
    if ((record?.coverage?.coverage.runtime.level ?? 'none') === 'none')
      blind.push({ host, since: now, until: now, sentence: `${host}: nothing watches the runtime layer now` });
    blind.push(...blindSpans(await store.observations.list({ host, kind: 'sensor', since, limit: mostSaid }), service));
  }
  return [...blind, ...dropped].slice(0, mostRows);
}
