/** The world as somebody sees it who may know of some services only: of the others nothing is said, not even a number. */
import { type GlassOpening, layers } from '../../model/index.js';
import type { Context } from '../context.js';
import type { Actor } from '../auth/access.js';
import { type Reach, reachOf } from '../reach.js';
import { loadWorld } from './load-world.js';
import type { HostState, World } from './world.js';

export interface SeenWorld {
  readonly world: World;
  readonly reach: Reach;
}

export async function worldOf(
  context: Parameters<typeof loadWorld>[0] & Pick<Context, 'store'>,
  actor: Pick<Actor, 'permissions' | 'within'>,
): Promise<SeenWorld> {
  const [world, reach] = await Promise.all([loadWorld(context), reachOf(context.store, actor, 'status.read')]);
  return { world: reach.services === undefined ? world : within(world, reach), reach };
}

/** What holds for a service in reach is the same in the world that is left. */
export function within(world: World, reach: Reach): World {
  const ours = world.workloads.filter(({ service }) => reach.has(service));
  const hosts = new Set(ours.map(({ host }) => host));
  // The gateway is every host's own, and stands in front of the services there.
  const gateways = world.workloads.filter(({ service, host }) => service === 'gateway' && hosts.has(host));
  return {
    ...world,
    hosts: world.hosts.filter(({ host }) => hosts.has(host)).map((host) => hostWithin(host, reach)),
    services: world.services.filter(reach.has),
    workloads: [...ours, ...gateways],
    active: new Map([...world.active].filter(([service]) => reach.has(service))),
    proposed: new Map([...world.proposed].filter(([service]) => reach.has(service))),
    incidents: world.incidents.filter(({ services }) => reach.some(services)),
    isolated: new Set([...world.isolated].filter(reach.has)),
    glass: world.glass.flatMap((opening) => glassWithin(opening, reach)),
  };
}

/** Without the names of other services; nothing when it is about those alone. */
export function glassWithin(opening: GlassOpening, reach: Reach): GlassOpening[] {
  if (opening.services === null || reach.services === undefined) return [opening];
  const services = opening.services.filter(reach.has);
  return services.length === 0 ? [] : [{ ...opening, services }];
}

function hostWithin(host: HostState, reach: Reach): HostState {
  const coverage = { ...host.coverage };
  for (const layer of layers) {
    const { unheld, ...rest } = coverage[layer];
    coverage[layer] =
      unheld === undefined ? rest : { ...rest, unheld: unheld.filter(({ service }) => reach.has(service)) };
  }
  return {
    ...host,
    coverage,
    sockets: host.sockets.filter(({ service }) => reach.has(service)),
    endpoints: host.endpoints.filter(({ service }) => reach.has(service)),
  };
}
