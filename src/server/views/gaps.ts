/** What is no longer there of a span of time, so that nobody takes silence for peace. */
import type { z } from 'zod';
import type { Drop } from '../../store/index.js';
import type { IncidentAnswer } from '../api/incidents.js';

const reasons: Readonly<Record<string, string>> = {
  age: 'beyond their age',
  quota: 'beyond their quota',
  disk: 'to make room on the disk',
};

/** Of all services together: which of them an incident would have used, nobody knows any more. */
export function gapRows(drops: readonly Drop[]): z.infer<typeof IncidentAnswer>['gaps'] {
  return drops
    .filter(({ store }) => store === 'observations' || store === 'decisions')
    .map(({ store, reason, rows, since, until }) => ({
      store,
      reason,
      rows,
      since,
      until,
      sentence: `${rows} ${store} between ${time(since)} and ${time(until)} went ${reasons[reason] ?? reason}`,
    }));
}

function time(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'an unknown time' : `${date.toISOString().slice(0, 19)}Z`;
}
