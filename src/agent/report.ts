/** What this host covers right now, and every socket of its protected services. */
import { readFileSync } from 'node:fs';
import type { Coverage, Endpoint, LayerCoverage, ListeningSocket } from '../model/index.js';
import { serviceId } from '../model/index.js';
import type { Gateway } from './gateway.js';
import type { Workloads } from './workloads.js';

export interface ReportParts {
  readonly trustDomain: string;
  readonly rungGaps: readonly { readonly what: string; readonly fix: string | null }[];
  readonly rung: string;
  readonly runtime: LayerCoverage;
}

/** Network and API are as well covered as the weakest workload's capture; without any workload, as the host could. */
export function coverageOf(parts: ReportParts, workloads: Pick<Workloads, 'records'>): Coverage {
  const records = workloads.records();
  const rungs = records.length === 0 ? [parts.rung] : records.map((record) => record.prepared.rung);
  const captured = rungs.every((rung) => rung !== 'loopback');
  const gaps = dedupe([
    ...records.flatMap((record) => record.prepared.gaps),
    ...(records.length === 0 ? parts.rungGaps : []),
  ]);
  const by = captured ? `sidecar (${[...new Set(rungs)].map(rungName).join(', ')})` : 'sidecar (loopback addresses)';
  const walled = rungs.every((rung) => rung === 'netns' || rung === 'docker');
  const plane: LayerCoverage = { level: walled ? 'full' : 'partial', by, gaps };
  return { runtime: parts.runtime, network: plane, api: plane };
}

/** Where others reach each attested service on this host. */
export function endpointsOf(
  workloads: Pick<Workloads, 'records' | 'entry'>,
): { service: string; endpoints: Endpoint[] }[] {
  const endpoints = new Map<string, Endpoint[]>();
  for (const record of workloads.records()) {
    const inbound = workloads.entry(record.id)?.link.lastListening()?.inbound;
    if (inbound === undefined || inbound === null || record.attestation === null) continue;
    endpoints.set(record.request.service, [...(endpoints.get(record.request.service) ?? []), inbound]);
  }
  return [...endpoints].map(([service, list]) => ({ service, endpoints: list }));
}

/** One row for every listener: ours, the gateway's, and the workload's own where a neighbour could reach it. */
export function listeningSockets(trustDomain: string, workloads: Workloads, gateway: Gateway): ListeningSocket[] {
  const rows: ListeningSocket[] = [];
  for (const record of workloads.records()) {
    const { service, port } = record.request;
    const entry = workloads.entry(record.id);
    const identity = entry?.identity === undefined ? null : serviceId(trustDomain, service);
    const base = { service, workload: record.id, contract: service };
    const inbound = entry?.link.lastListening()?.inbound;
    if (inbound !== undefined && inbound !== null) {
      rows.push({
        ...base,
        ...inbound,
        owner: 'sidecar',
        identity,
        mtls: true,
        bypassable: false,
        reason: 'mutual TLS, identity checked on both ends',
      });
    }
    if (port !== null) {
      const captured = record.prepared.redirectPort !== null;
      rows.push({
        ...base,
        address: '127.0.0.1',
        port,
        owner: 'workload',
        identity,
        mtls: false,
        bypassable: !captured,
        reason: captured
          ? 'in a network namespace of its own: only its sidecar gets there'
          : "on the host's loopback: any process of this host can call it beside the sidecar",
      });
    }
    for (const extra of extraListeners(record)) {
      rows.push({
        ...base,
        ...extra,
        owner: 'workload',
        identity,
        mtls: false,
        bypassable: record.prepared.redirectPort === null,
        reason: 'opened beside the declared port',
      });
    }
  }
  for (const { service, listen } of gateway.published()) {
    rows.push({
      service,
      workload: 'gateway',
      ...listen,
      owner: 'gateway',
      identity: serviceId(trustDomain, 'gateway'),
      mtls: false,
      contract: service,
      bypassable: false,
      reason: 'public door: every request is decided by the contract',
    });
  }
  return rows;
}

/** TCP listeners of the command's network namespace that nobody declared (`/proc/PID/net/tcp`, state 0A). */
function extraListeners(record: ReturnType<Workloads['records']>[number]): { address: string; port: number }[] {
  if (record.process === null || record.prepared.redirectPort === null) return [];
  const found: { address: string; port: number }[] = [];
  for (const line of read(`/proc/${record.process.pid}/net/tcp`).split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [hex = '', portHex = ''] = (fields[1] ?? '').split(':');
    const port = Number.parseInt(portHex, 16);
    if (fields[3] !== '0A' || port === record.request.port || port === record.prepared.redirectPort) continue;
    const bytes = hex.match(/../g)?.reverse() ?? [];
    found.push({ address: bytes.map((byte) => Number.parseInt(byte, 16)).join('.'), port });
  }
  return found;
}

function rungName(rung: string): string {
  const names: Readonly<Record<string, string>> = {
    netns: 'own network namespace',
    docker: 'network namespace of a container',
    userns: 'own user and network namespace',
    loopback: 'loopback addresses',
  };
  return names[rung] ?? rung;
}

function dedupe<T extends { readonly what: string }>(gaps: readonly T[]): T[] {
  return [...new Map(gaps.map((gap) => [gap.what, gap])).values()];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
