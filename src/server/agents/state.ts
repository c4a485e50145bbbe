/** What one host's agent has to know, in one answer. */
import type { z } from 'zod';
import { boundsFor, isBeyondFirst } from '../../contract/index.js';
import { agentId, type ServiceEndpoints } from '../../model/index.js';
import type { Store } from '../../store/index.js';
import type { Context } from '../context.js';
import { takeOpenings } from '../glass.js';
import type { AgentPeer, Asking } from './peer.js';
import type { ReportRequest, StateAnswer } from './protocol.js';
import { tellKeyChange } from '../key-changes.js';
import { noteRoots } from './reported-roots.js';
import { issuersIn } from '../users/issuers.js';
import { withdrawnHosts } from './withdrawal.js';
import { revokedIdentities } from './workloads.js';

export async function stateFor(context: Context, peer: Asking, revision: number): Promise<z.input<typeof StateAnswer>> {
  const { store, config } = context;
  const [hosts, services, contracts, rollouts, users, policies, revoked, withdrawn, actions] = await Promise.all([
    store.hosts.list(),
    store.services.list(),
    store.contracts.allActive(),
    rolloutsIn(store),
    issuersIn(store),
    store.policies.bounds(),
    revokedIdentities(store),
    withdrawnHosts(store),
    store.actions.list({ host: peer.host, status: ['approved', 'running'], limit: 1_000 }),
  ]);
  const bounds = policies.flatMap(({ document }) => {
    const names = services.filter(({ labels }) => boundsFor([document], labels).length > 0).map(({ name }) => name);
    return names.length === 0 ? [] : [{ bound: document, services: names }];
  });
  const bounded = new Set(bounds.flatMap((one) => one.services));
  const later =
    peer.protocol < 2
      ? {}
      : {
          issuer: context.authority.issuer(),
          glass: await glassFor(store, peer.host),
          users: [...users],
          bounds,
          ...rollouts,
        };
  return {
    ...later,
    revision,
    trustDomain: config.trustDomain,
    bundles: { [config.trustDomain]: [...context.authority.bundle()] },
    // Also those that run nowhere now: a known name must never be taken for an address outside.
    services: mergeEndpoints([
      ...services.map((service) => ({ service: service.name, endpoints: [] })),
      ...hosts.flatMap((host) => host.endpoints),
    ]),
    // An older agent would take what it does not know for a broken answer: it goes without, and its services are closed.
    contracts:
      peer.protocol < 2
        ? contracts.filter(({ contract, service }) => !isBeyondFirst(contract) && !bounded.has(service))
        : contracts,
    // Of a host: sidecars refuse whatever that host's agent attested.
    revoked: [...revoked, ...withdrawn.map((host) => agentId(config.trustDomain, host))],
    isolated: services.filter((service) => service.isolated).map((service) => service.name),
    actions,
  };
}

/** An older agent of this protocol knows none: it is told of them only when there are some. */
async function rolloutsIn({ rollouts, contracts }: Pick<Store, 'rollouts' | 'contracts'>) {
  const open = await rollouts.allOpen();
  if (open.length === 0) return {};
  const told = await Promise.all(
    open.map(async ({ service, version, stage }) => ({ candidate: await contracts.get(service, version), stage })),
  );
  return { rollouts: told.flatMap(({ candidate, stage }) => (candidate === undefined ? [] : [{ candidate, stage }])) };
}

async function glassFor({ glass }: Pick<Store, 'glass'>, host: string) {
  const [standing, code] = await Promise.all([glass.standing(), glass.code(host)]);
  return { open: standing.filter((opening) => opening.host === null), codeHash: code?.hash ?? null };
}

/** One entry per service, over all hosts. */
export function mergeEndpoints(all: readonly z.infer<typeof ServiceEndpoints>[]): z.infer<typeof ServiceEndpoints>[] {
  const merged = new Map<string, z.infer<typeof ServiceEndpoints>['endpoints']>();
  for (const { service, endpoints } of all) {
    const known = merged.get(service) ?? [];
    for (const endpoint of endpoints)
      if (!known.some(({ address, port }) => address === endpoint.address && port === endpoint.port))
        known.push(endpoint);
    merged.set(service, known);
  }
  return [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([service, endpoints]) => ({ service, endpoints }));
}

/** Coverage, sockets, endpoints and the state of workloads replace what was reported before. */
export async function takeReport(
  context: Context,
  peer: AgentPeer,
  report: z.infer<typeof ReportRequest>,
): Promise<void> {
  const { coverage, lost, sockets, endpoints, workloads } = report;
  await context.changes.transact(async (tx, note) => {
    const before = await tx.hosts.get(peer.host);
    const at = context.clock.now();
    await tx.hosts.report(peer.host, { coverage: { host: peer.host, at, coverage, lost }, sockets, endpoints });
    if (!same(before?.endpoints, endpoints)) note.revise();
    if (
      !same(before?.coverage?.coverage, coverage) ||
      !same(before?.sockets, sockets) ||
      before?.coverage?.lost !== lost
    )
      note.tell('coverage', peer.host, 'reported');
    for (const { id, state } of workloads) {
      const known = await tx.workloads.get(id);
      if (known === undefined || known.host !== peer.host || known.endedAt !== null || known.state === state) continue;
      if (state === 'stopped') await tx.workloads.end(id, at);
      else await tx.workloads.save({ ...known, state });
      note.tell('workloads', id, state);
    }
  });
  if (report.roots !== undefined) await noteRoots(context.store, peer.host, report.roots);
  if (report.spoolKey !== undefined) {
    const key = { subject: `spool ${peer.host}`, id: report.spoolKey };
    await tellKeyChange(context.store, key, `agent/${peer.host}`);
  }
  await takeOpenings(context, peer.host, report.glass);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
