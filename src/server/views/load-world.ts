import { agentVersion } from '../agents/spoken.js';
import type { Context } from '../context.js';
import { type HostState, nothingWatched, type World } from './world.js';

/** Reads the present state from the store. */
export async function loadWorld(
  context: Pick<Context, 'store' | 'clock' | 'limits' | 'config' | 'learning' | 'spoken'>,
): Promise<World> {
  const { store, clock, limits, config, learning, spoken } = context;
  const [hosts, services, workloads, active, proposed, incidents, standing] = await Promise.all([
    store.hosts.list(),
    store.services.list(),
    store.workloads.list({ running: true, limit: 10_000 }),
    store.contracts.allActive(),
    store.contracts.list({ state: 'proposed', limit: 10_000 }),
    store.incidents.list({ state: ['open', 'contained', 'triaged'], limit: 1_000 }),
    store.glass.standing(),
  ]);
  const newest = new Map<string, (typeof proposed)[number]>();
  for (const version of proposed) if (!newest.has(version.service)) newest.set(version.service, version);
  return {
    now: clock.now(),
    trustDomain: config.trustDomain,
    hosts: hosts.map(
      (host): HostState => ({
        host: host.name,
        at: host.coverage === null ? null : host.lastSeenAt,
        version: agentVersion(spoken.get(host.name), config.agentProtocol),
        coverage: host.coverage?.coverage ?? nothingWatched,
        lost: host.coverage?.lost ?? 0,
        sockets: host.sockets,
        endpoints: host.endpoints,
      }),
    ),
    services: services.map(({ name }) => name).filter((name) => name !== 'gateway'),
    labels: new Map(services.map(({ name, labels }) => [name, labels])),
    workloads,
    active: new Map(active.map((version) => [version.service, version])),
    proposed: newest,
    incidents,
    isolated: new Set(services.filter(({ isolated }) => isolated).map(({ name }) => name)),
    glass: standing.filter(({ until }) => until > limits.now()),
    learned: learning.count,
  };
}
