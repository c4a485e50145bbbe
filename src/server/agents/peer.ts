/** Which host's agent is on the other side: by its certificate, checked once per connection, valid on each request. */
import type { TLSSocket } from 'node:tls';
import { z } from 'zod';
import type { Clock } from '../../base/index.js';
import { type Bundles, verifySocket } from '../../identity/index.js';
import { agentId, HostName } from '../../model/index.js';
import type { Repositories, Store } from '../../store/index.js';
import { ServerError } from '../errors.js';

export interface AgentPeer {
  readonly host: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly notAfter: number;
}

/** An agent that asks something. */
export interface Asking extends AgentPeer {
  /** What it speaks; answers are made for that. */
  readonly protocol: number;
}

/** What was proved on a connection, and by which roots: when they change it has to be proved anew. */
const peers = new WeakMap<TLSSocket, { readonly peer: AgentPeer; readonly bundles: Bundles }>();

/** @throws ServerError `unauthenticated` for anything but a valid agent certificate of our own trust domain. */
export function peerOf(socket: TLSSocket, bundles: Bundles, trustDomain: string, clock: Clock): AgentPeer {
  const known = peers.get(socket);
  const now = clock.now();
  if (known?.bundles === bundles && now <= known.peer.notAfter) return known.peer;
  const result = verifySocket(socket, bundles, now);
  if (result.kind === 'refused') throw refused(result.reason);
  const prefix = agentId(trustDomain, '');
  const host = HostName.safeParse(result.id.startsWith(prefix) ? result.id.slice(prefix.length) : '');
  if (!host.success) throw refused('not an agent');
  const serial = socket.getPeerX509Certificate()?.serialNumber.toLowerCase() ?? '';
  const peer = { host: host.data, serial, notAfter: result.notAfter };
  peers.set(socket, { peer, bundles });
  return peer;
}

function refused(why: string): ServerError {
  return new ServerError('unauthenticated', `an agent's certificate is needed (${why})`, {
    hint: 'enrol this host with `tricordon agent join`',
  });
}

/**
 * The certificates of a host's agent that count: the current one and the one before it, since an answer to `renew` may
 * be lost on its way. Enrolling again leaves the new one alone.
 */
const Serials = z.strictObject({ current: z.string(), previous: z.string().nullable() });
const serialsKey = (host: string) => `agent-serials/${host}`;

export async function noteSerial(
  tx: Repositories,
  host: string,
  serial: string,
  replaces: string | null,
): Promise<void> {
  await tx.settings.put(serialsKey(host), { current: serial, previous: replaces } satisfies z.infer<typeof Serials>);
  await tx.hosts.enrol(host, serial);
}

/** Nothing that the host's agent holds counts from now on, until it enrols anew. */
export async function forgetSerials(tx: Repositories, host: string): Promise<void> {
  await tx.settings.remove(serialsKey(host));
}

/** @throws ServerError `unauthenticated` when another certificate has taken this one's place. */
export async function checkSerial(store: Pick<Store, 'settings'>, peer: AgentPeer): Promise<void> {
  const known = Serials.safeParse(await store.settings.get(serialsKey(peer.host)));
  if (known.success && (known.data.current === peer.serial || known.data.previous === peer.serial)) return;
  throw refused('this certificate was replaced or withdrawn');
}
