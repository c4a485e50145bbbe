/** One data plane process's engine: listeners by role, the policy and identity in force, the connections under them. */
import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, type Logger, messageOf, steady } from '../base/index.js';
import { type Svid, svidFrom } from '../identity/index.js';
import { type Endpoint, PlaneSnapshot } from '../model/index.js';
import { askedBy } from './asked.js';
import type { RemoteDial } from './connectors.js';
import type { Configure, FromPlane, ListenAt, OutboundRoute } from './control-protocol.js';
import { EarlyConnections } from './early-connections.js';
import { TrafficError } from './errors.js';
import { publish } from './gateway.js';
import { type Counts, defaultTimeouts, emptyCounts, type PlaneContext, type Timeouts } from './http-hop.js';
import { createInbound, type Inbound, listenedAt } from './inbound.js';
import type { OriginalDestination } from './original-destination.js';
import { directOut, dnsPort, type Lookup, NameBook, resolveFor } from './egress/index.js';
import { routeOut } from './outbound.js';
import { PeerPools } from './peer-pools.js';
import { mostConnections, ownAttributes, ownContract, type PlaneState } from './plane-state.js';
import { policyFrom } from './policy.js';
import { Rates } from './rates.js';
import type { RecordRing } from './record-ring.js';
import { cut } from './sockets.js';
import { Sweeper } from './sweeper.js';

export interface PlaneDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly ring: RecordRing;
  /** Captured connections are refused without it. */
  readonly originalDestination?: OriginalDestination | undefined;
  /** The inlet's way to the workload; undefined while there is no inlet. */
  readonly remoteDial?: RemoteDial | undefined;
  /** The host's own resolver. */
  readonly lookup: Lookup;
  readonly timeouts?: Partial<Timeouts>;
  /** Live connections beyond which new ones are closed at once; default 20,000. */
  readonly maxConnections?: number;
}

type Listening = Extract<FromPlane, { type: 'listening' }>;

export interface Plane {
  /** @throws TrafficError `listen-failed`, `reconfigure-refused` */
  configure(configuration: Configure): Promise<Listening>;
  /** @throws TrafficError `identity-broken`; the identity in force stays */
  svid(keyPem: string, chainPem: readonly string[]): void;
  /** An older revision than the one in force is ignored. */
  snapshot(snapshot: PlaneSnapshot): void;
  /** The redirected listener from the inlet; replaces an earlier one. */
  captured(listener: Server): void;
  listening(): Listening;
  status(): {
    readonly revision: number | null;
    readonly identityExpiresAt: number | null;
    readonly connections: number;
  };
  readonly counts: Counts;
  /** Takes no more connections; resolves when the open ones are over, or cuts them at the deadline. */
  drain(deadlineMs: number): Promise<void>;
  close(): Promise<void>;
}

interface Listener {
  readonly key: string;
  readonly server: Server;
}

export function createPlane(deps: PlaneDeps): Plane {
  const sweeper = new Sweeper(deps.clock);
  const counts = emptyCounts();
  const context: PlaneContext = {
    clock: deps.clock,
    sweeper,
    ring: deps.ring,
    counts,
    timeouts: { ...defaultTimeouts, ...deps.timeouts },
  };
  // A clock that is set back keeps no glass open, and no clause alive.
  const limits = steady(deps.clock);
  const state: PlaneState = {
    context,
    at: limits.now(),
    rates: new Rates(),
    log: deps.log,
    connections: new Set(),
    maxConnections: deps.maxConnections ?? mostConnections,
    configuration: undefined,
    policy: undefined,
    svid: undefined,
    draining: false,
    remoteDial: deps.remoteDial,
    originalDestination: deps.originalDestination,
  };
  const pools = new PeerPools(state);
  const book = new NameBook(deps.lookup, deps.clock);
  const ways = { pools, book };
  const early = new EarlyConnections(state);
  let inbound: (Inbound & Listener) | undefined;
  let routes = new Map<string, Listener & { readonly route: OutboundRoute }>();
  let publishes = new Map<string, Listener & { readonly service: string }>();
  let captureListener: Server | undefined;
  let given: PlaneSnapshot | undefined;
  sweeper.add({ sweep });

  return {
    counts,
    configure,
    svid: (keyPem, chainPem) => {
      let svid: Svid;
      try {
        svid = svidFrom(keyPem, chainPem);
      } catch (cause) {
        throw new TrafficError('identity-broken', `the identity cannot be used: ${messageOf(cause)}`, { cause });
      }
      state.svid = svid;
      // Whether a roll-out is for us hangs on our attributes.
      if (given?.rollouts !== undefined) decideBy(given);
      inbound?.refresh();
      inbound?.renewed();
      pools.renewed();
      early.look();
    },
    snapshot: (snapshot) => {
      const previous = state.policy;
      if (previous !== undefined && snapshot.revision < previous.revision) return;
      given = PlaneSnapshot.parse(snapshot);
      decideBy(given);
    },
    captured: (listener) => {
      captureListener?.close();
      captureListener = listener;
      // Half-closed connections are the caller's right; a received listener does not have the option set.
      Object.assign(listener, { allowHalfOpen: true });
      listener.on('error', (error) => state.log.error({ error: messageOf(error) }, 'redirected listener failed'));
      listener.on('connection', takeCaptured);
    },
    listening,
    status: () => ({
      revision: state.policy?.revision ?? null,
      identityExpiresAt: state.svid?.notAfter ?? null,
      connections: state.connections.size,
    }),
    drain,
    close: async () => {
      state.draining = true;
      for (const connection of [...state.connections]) connection.destroy();
      await Promise.all(servers().map(closed));
      inbound?.close();
      early.close();
      pools.close();
      sweeper.stop();
    },
  };

  function decideBy(snapshot: PlaneSnapshot): void {
    const previous = state.policy;
    state.at = limits.now();
    const own = { service: state.configuration?.service, attributes: ownAttributes(state) };
    const policy = policyFrom(snapshot, state.at, previous, own);
    for (const { service, why } of policy.broken) state.log.error({ service, why }, 'contract cannot be compiled');
    state.policy = policy;
    const held = ownContract(state);
    if (held !== undefined) state.rates.keep(askedBy(held).rates);
    inbound?.refresh();
    const bundlesChanged = previous !== undefined && previous.bundles !== policy.bundles;
    pools.recheck(bundlesChanged);
    for (const connection of [...state.connections]) {
      if (!connection.allowed(policy, bundlesChanged)) connection.destroy();
    }
    early.look();
  }

  async function configure(configuration: Configure): Promise<Listening> {
    const known = state.configuration;
    if (known !== undefined && (known.role !== configuration.role || known.service !== configuration.service)) {
      throw new TrafficError('reconfigure-refused', `this process serves \`${known.service}\` as ${known.role}`, {
        hint: 'start another process',
      });
    }
    // What listens already keeps its port; what could not be opened leaves the old configuration in force.
    const key = JSON.stringify(configuration.inbound ?? null);
    let nextInbound = inbound?.key === key ? inbound : undefined;
    const opened: Server[] = [];
    try {
      if (nextInbound === undefined && configuration.inbound !== undefined) {
        const made = createInbound(state, configuration.inbound.target);
        await listen(made.server, configuration.inbound.listen);
        opened.push(made.server);
        nextInbound = { ...made, key };
      }
      const nextRoutes: typeof routes = new Map();
      for (const route of configuration.outbound?.routes ?? []) {
        if (route.listen === undefined) continue;
        const routeKey = JSON.stringify(route);
        const server = routes.get(routeKey)?.server ?? plainServer((socket) => takeRoute(route, server, socket));
        if (!server.listening) {
          await listen(server, route.listen);
          opened.push(server);
        }
        nextRoutes.set(routeKey, { key: routeKey, server, route });
      }
      const nextPublishes: typeof publishes = new Map();
      for (const item of configuration.publishes) {
        const publishKey = JSON.stringify(item);
        const { service } = item;
        const server = kept(item) ?? plainServer((socket) => publish(state, pools, service, socket));
        if (!server.listening) {
          await listen(server, item.listen);
          opened.push(server);
        }
        nextPublishes.set(publishKey, { key: publishKey, server, service });
      }
      for (const [old, { server }] of routes) if (!nextRoutes.has(old)) server.close();
      const stays = new Set([...nextPublishes.values()].map(({ server }) => server));
      for (const { server } of publishes.values()) if (!stays.has(server)) server.close();
      if (inbound !== undefined && inbound !== nextInbound) inbound.close();
      inbound = nextInbound;
      routes = nextRoutes;
      publishes = nextPublishes;
      state.configuration = configuration;
      inbound?.refresh();
    } catch (error) {
      for (const server of opened) server.close();
      throw error;
    }
    return listening();
  }

  /** The public listener that already is what is asked for: a port that was given for 0 may be named by number now. */
  function kept({ service, listen: wanted }: Configure['publishes'][number]): Server | undefined {
    for (const known of publishes.values()) {
      const at = listenedAt(known.server);
      if (known.service !== service || at?.address !== wanted.address) continue;
      if (wanted.port === 0 || wanted.port === at.port) return known.server;
    }
    return undefined;
  }

  function takeRoute(route: OutboundRoute, server: Server, socket: Socket): void {
    const destination = listenedAt(server) ?? { address: route.host, port: route.port };
    early.admit(socket, () => routeOut(state, ways, route, socket, destination));
  }

  function takeCaptured(socket: Socket): void {
    socket.on('error', () => {});
    socket.setNoDelay(true);
    const destination = state.originalDestination?.(socket);
    const outbound = state.configuration?.outbound;
    if (destination === undefined || outbound === undefined || !outbound.captured) {
      // Not redirected (someone found the listener itself), or not told yet what may pass.
      cut(socket);
      return;
    }
    const route = outbound.routes.find((candidate) => leadsTo(candidate, destination));
    early.admit(socket, () => {
      if (route !== undefined) routeOut(state, ways, route, socket, destination);
      else if (destination.port === dnsPort) resolveFor(state, book, declaredNames(outbound.routes), socket);
      else directOut({ state, book }, socket, destination);
    });
  }

  function listening(): Listening {
    return {
      type: 'listening',
      inbound: inbound === undefined ? null : (listenedAt(inbound.server) ?? null),
      captured: captureListener !== undefined,
      routes: [...routes.values()].flatMap(({ server, route }) => {
        const at = listenedAt(server);
        return at === undefined ? [] : [{ service: route.service, host: route.host, port: route.port, listen: at }];
      }),
      publishes: [...publishes.values()].flatMap(({ server, service }) => {
        const at = listenedAt(server);
        return at === undefined ? [] : [{ service, listen: at }];
      }),
    };
  }

  function sweep(now: number): void {
    inbound?.sweep(now);
    pools.sweep(now);
    early.sweep(now);
    state.at = limits.now();
    if (given !== undefined && state.at >= (state.policy?.until ?? Infinity)) decideBy(given);
    const wall = deps.clock.now();
    for (const connection of [...state.connections]) if (wall >= connection.notAfter) connection.destroy();
  }

  async function drain(deadlineMs: number): Promise<void> {
    state.draining = true;
    for (const connection of [...state.connections]) connection.drain();
    await new Promise<void>((resolve) => {
      const end = deps.clock.monotonic() + deadlineMs;
      const look = setInterval(() => {
        if (state.connections.size > 0 && deps.clock.monotonic() < end) return;
        clearInterval(look);
        for (const connection of [...state.connections]) connection.destroy();
        resolve();
      }, 50);
    });
  }

  function servers(): Server[] {
    return [
      ...[...routes.values(), ...publishes.values()].map((listener) => listener.server),
      ...(inbound === undefined ? [] : [inbound.server]),
      ...(captureListener === undefined ? [] : [captureListener]),
    ];
  }
}

function leadsTo(route: OutboundRoute, destination: Endpoint): boolean {
  return route.port === destination.port && route.virtualAddresses.includes(destination.address);
}

/** As they stand in the workload's hosts file. */
function declaredNames(routes: readonly OutboundRoute[]): ReadonlyMap<string, string> {
  return new Map(
    routes.flatMap(({ host, virtualAddresses: [address] }) =>
      address === undefined ? [] : [[host.toLowerCase(), address] as const],
    ),
  );
}

function plainServer(take: (socket: Socket) => void): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, take);
}

function listen(server: Server, at: ListenAt): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      reject(
        new TrafficError('listen-failed', `cannot listen on ${at.address} port ${at.port}: ${messageOf(cause)}`, {
          cause,
          hint: 'choose another port, or stop what uses this one',
        }),
      );
    };
    server.once('error', failed);
    server.listen({ host: at.address, port: at.port, backlog: 1_024 }, () => {
      server.off('error', failed);
      server.on('error', () => {});
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
