/** What is kept, how much it may be, and what went: as `status` shows it. */
import type { AgentStatus } from '../../agent/index.js';
import type { StoreRow } from '../../server/index.js';
import type { Output } from './output.js';

export function storeLines(output: Output, stores: readonly StoreRow[], agent: AgentStatus | null): string[] {
  const rows = stores.map(({ store, bytes, quota, oldest, state, dropped }) => [
    store,
    megabytes(bytes),
    quota === null ? '' : megabytes(quota),
    oldest === null ? '' : new Date(oldest).toISOString().slice(0, 16),
    dropped.map(({ reason, rows: count }) => `${count} by ${reason}`).join(', '),
    state === 'ok' ? '' : words[state],
  ]);
  if (agent !== null) {
    const { bytes, maxBytes, dropped, lost, full, pinnedBytes, pinsRefused } = agent.spool;
    const went = [...(dropped > 0 ? [`${dropped} after shipping`] : []), ...(lost > 0 ? [`${lost} LOST`] : [])];
    const refused = pinsRefused > 0 ? `NO ROOM to hold raw events of ${pinsRefused} open incidents` : '';
    rows.push([
      'spool',
      megabytes(bytes),
      megabytes(maxBytes),
      '',
      went.join(', '),
      full ? 'FULL: nothing new is kept' : refused,
    ]);
    if (pinnedBytes > 0) rows.push(['  held of it', megabytes(pinnedBytes), megabytes(maxBytes / 2), '', '', '']);
  }
  return [output.table(['STORE', 'MB', 'QUOTA', 'OLDEST', 'WENT', ''], rows)];
}

const words = {
  'pinned-over': 'OPEN INCIDENTS HOLD MORE THAN THE QUOTA: close some, or raise it',
  refusing: 'FULL: nothing new is taken',
} as const;

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}
