/** What an agent knows of itself now, as metrics. Pure but for the room on its disk. */
import { type Family, family, roomAt, type Sample } from '../../base/index.js';
import type { AgentStatus } from '../local-protocol.js';
import { agentMetrics as metrics } from './catalogue.js';

export interface AgentFacts {
  readonly status: AgentStatus;
  readonly spool: { readonly directory: string; readonly bytes: number };
  /** Ms since 1970; undefined before there is one. */
  readonly certificateEnd: number | undefined;
}

export function agentFamilies({ status, spool, certificateEnd }: AgentFacts): Family[] {
  const { sight } = status;
  return [
    family(metrics.control, bit(status.controlReachable)),
    family(metrics.watched, [{ labels: { by: sight.by }, value: bit(sight.since !== null) }]),
    family(metrics.workloads, counted(status.workloads.map(({ service, state }) => ({ service, state })))),
    family(metrics.planes, counted(status.planes.map(({ service }) => ({ service })))),
    family(metrics.spoolPending, status.spool.pending),
    family(metrics.spoolLost, status.spool.lost),
    family(metrics.spoolFull, bit(status.spool.full)),
    family(metrics.spoolBytes, spool.bytes),
    family(
      metrics.certificates,
      certificateEnd === undefined ? [] : [{ labels: { name: 'host' }, value: certificateEnd / 1_000 }],
    ),
    family(metrics.diskFree, [{ labels: { store: 'spool' }, value: roomAt(spool.directory).freeBytes }]),
  ];
}

function bit(value: boolean): number {
  return value ? 1 : 0;
}

function counted(rows: readonly Readonly<Record<string, string>>[]): Sample[] {
  const samples = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>();
  for (const labels of rows) {
    const key = JSON.stringify(labels);
    const sample = samples.get(key) ?? { labels, value: 0 };
    sample.value += 1;
    samples.set(key, sample);
  }
  return [...samples.values()];
}
