/** What the views are made of: the present state, as values. */
import type { z } from 'zod';
import type {
  ContractVersion,
  Coverage,
  GlassOpening,
  Incident,
  Labels,
  ListeningSocket,
  ServiceEndpoints,
  Workload,
} from '../../model/index.js';
import type { HeldBy } from '../api/common.js';
import type { AgentVersion } from '../api/coverage.js';

export interface HostState {
  readonly host: string;
  /** When its agent last reported, by our clock; null: enrolled, never reported. */
  readonly at: number | null;
  readonly version: AgentVersion;
  readonly coverage: Coverage;
  readonly lost: number;
  readonly sockets: readonly ListeningSocket[];
  readonly endpoints: readonly z.infer<typeof ServiceEndpoints>[];
}

export interface World {
  readonly now: number;
  readonly trustDomain: string;
  readonly hosts: readonly HostState[];
  readonly services: readonly string[];
  readonly labels: ReadonlyMap<string, Labels>;
  /** Workloads that have not ended. */
  readonly workloads: readonly Workload[];
  readonly active: ReadonlyMap<string, ContractVersion>;
  /** Newest proposed version by service. */
  readonly proposed: ReadonlyMap<string, ContractVersion>;
  /** Incidents that are not closed. */
  readonly incidents: readonly Incident[];
  readonly isolated: ReadonlySet<string>;
  /** Break-glass that is open now. */
  readonly glass: readonly GlassOpening[];
  /** Observations folded into the live proposal of a service. */
  learned(service: string): number;
}

/** An agent reports every few seconds; after this long without one, what it said last is no longer believed. */
export const silentAfterMs = 30_000;

export function isSilent(host: HostState, now: number): boolean {
  return host.at === null || now - host.at > silentAfterMs;
}

export function heldBy(version: ContractVersion | undefined): z.infer<typeof HeldBy> | null {
  return version === undefined
    ? null
    : { version: version.version, digest: version.digest, mode: version.contract.mode };
}

export function openIncidentOf(world: World, service: string): string | null {
  const found = world.incidents.find((incident) => incident.state === 'open' && incident.services.includes(service));
  return found?.id ?? null;
}

export const nothingWatched: Coverage = {
  runtime: { level: 'none', by: '', gaps: [{ what: 'no report from this host yet', fix: null }] },
  network: { level: 'none', by: '', gaps: [{ what: 'no report from this host yet', fix: null }] },
  api: { level: 'none', by: '', gaps: [{ what: 'no report from this host yet', fix: null }] },
};
