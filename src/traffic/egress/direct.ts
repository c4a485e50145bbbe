/**
 * Connections to where no service of ours is: by address, or by the name that the workload asked our resolver for, that its
 * configuration declares, or that the connection's first bytes ask for. INVARIANT: what is dialled is what was decided on: an
 * address that this process found for the name, never one that the workload claims to belong to it.
 */
import { isIP, type Socket } from 'node:net';
import { noContract } from '../../contract/index.js';
import type { Decision, Endpoint } from '../../model/index.js';
import { addressConnector } from '../connectors.js';
import { type FlowFacts, recordFlow } from '../flow-record.js';
import {
  type Carrier,
  hasRoom,
  isIsolated,
  live,
  ownContract,
  ownAttributes,
  type PlaneState,
} from '../plane-state.js';
import { cut, endOf } from '../sockets.js';
import { TcpFlow } from '../tcp-flow.js';
import { type FirstName, readName } from './first-name.js';
import { isOutside, isVirtual, type NameBook } from './name-book.js';
import { namesOf } from './name-decision.js';

export interface Outside {
  readonly state: PlaneState;
  readonly book: NameBook;
}

/** A name that the workload's own configuration gave. */
export interface Declared {
  readonly host: string;
  readonly port: number;
}

interface Place {
  /** Undefined: the address alone is known. */
  readonly name?: string | undefined;
  /** Another name that the first bytes ask for: it has to be allowed as well. */
  readonly also?: string | undefined;
  /** IPv4 or IPv6; none: the name has none just now. */
  readonly addresses: readonly string[];
  readonly port: number;
}

/** @param destination as the workload dialled it */
export function directOut(outside: Outside, socket: Socket, destination: Endpoint, declared?: Declared): void {
  const { state, book } = outside;
  socket.on('error', () => {});
  if (!hasRoom(state)) {
    cut(socket);
    return;
  }
  // Counted from now on, though it may take a while until it is known where it goes.
  let stillAllowed = () => true;
  const connection = live(
    state,
    Number.POSITIVE_INFINITY,
    () => stillAllowed(),
    carrierOf(() => cut(socket)),
  );
  const early = () => connection.over();
  socket.once('close', early);
  const own = ownContract(state);
  const port = declared?.port ?? destination.port;
  const host = declared?.host.toLowerCase() ?? book.nameAt(destination.address);
  const literal = host !== undefined && isIP(host) !== 0 ? host : undefined;
  const named = host !== undefined && literal === undefined;
  if (own === undefined || !(namesOf(own).asked || (isVirtual(destination.address) && !named))) {
    if (named) void byName({ kind: 'none' }, undefined);
    else begin({ addresses: [literal ?? destination.address], port }, undefined);
    return;
  }
  readName(socket, (name, first) => {
    void byName(name, first);
  });

  async function byName(said: FirstName, first: Buffer | undefined): Promise<void> {
    const place = await placeOf(said).catch(() => undefined);
    if (socket.destroyed) return;
    if (place !== undefined) begin(place, first);
    else cut(socket);
  }

  async function placeOf(said: FirstName): Promise<Place> {
    const claimed = said.kind === 'name' && isIP(said.name) === 0 ? said.name : undefined;
    const name = named ? host : isVirtual(destination.address) ? book.nameAt(destination.address, claimed) : undefined;
    if (name !== undefined) {
      // Two readers could take it for two names: then it is for none that is known.
      if (said.kind === 'broken') return { addresses: [], port };
      return { name, also: claimed === name ? undefined : claimed, addresses: await addressesOf(name), port };
    }
    const address = literal ?? destination.address;
    // It stands for a name that nobody asked for: nothing is there.
    if (isVirtual(address)) return { addresses: [], port };
    const proved = claimed !== undefined && (await addressesOf(claimed)).includes(address);
    return { ...(proved ? { name: claimed } : {}), addresses: [address], port };
  }

  /** Where a declared name leads is the operator's business, be it this host. */
  async function addressesOf(name: string): Promise<readonly string[]> {
    const resolved = await book.resolve(name);
    if (resolved.kind !== 'found') return [];
    return name === declared?.host.toLowerCase() ? resolved.addresses : resolved.addresses.filter(isOutside);
  }

  function begin(place: Place, first: Buffer | undefined): void {
    const { name, addresses } = place;
    // Where names lead to several addresses, the first that is allowed.
    const target = addresses.find((address) => decide(place, address).effect !== 'deny') ?? addresses[0];
    const decision = decide(place, target);
    const facts: FlowFacts = {
      direction: 'out',
      decision,
      peer: '',
      caller: '',
      mtls: false,
      // Of two names the one that was refused; one that passes is known by where it really goes.
      address: (isFronted(place, target) ? place.also : name) ?? destination.address,
      port,
      socket: endOf(socket, destination),
    };
    recordFlow(state.context, facts);
    if (decision.effect === 'deny' || target === undefined) {
      cut(socket);
      return;
    }
    stillAllowed = () => decide(place, target).effect !== 'deny';
    socket.off('close', early);
    const began = state.context.clock.monotonic();
    const flow = new TcpFlow(
      socket,
      addressConnector(() => ({ address: target, port })),
      first,
      () => {},
      (end) => {
        connection.over();
        recordFlow(state.context, { ...facts, end: { ...end, durationMs: state.context.clock.monotonic() - began } });
      },
    );
    connection.attach(carrierOf(() => flow.destroy()));
    socket.resume();
  }

  /** Only the name in the first bytes is refused. */
  function isFronted(place: Place, address: string | undefined): boolean {
    if (place.also === undefined || decide(place, address).effect !== 'deny') return false;
    return decide({ ...place, also: undefined }, address).effect !== 'deny';
  }

  /** Of all names that the connection is for the strictest answer. */
  function decide({ name, also }: Place, address: string | undefined): Decision {
    const contract = ownContract(state);
    if (contract === undefined) return noContract('network');
    const ask = (host: string | undefined) =>
      contract.decideEgress({
        attributes: ownAttributes(state),
        at: state.at,
        ...(address === undefined ? { byName: true } : { address }),
        host,
        port,
        protocol: 'tcp',
        isolated: isIsolated(state, undefined),
      });
    const decision = ask(name);
    if (also === undefined || decision.effect === 'deny') return decision;
    const other = ask(also);
    return other.effect === 'deny' ? other : decision;
  }
}

function carrierOf(destroy: () => void): Carrier {
  return { drain: destroy, destroy };
}
