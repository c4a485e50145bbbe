/** Ways to a peer's sidecar: HTTP connections as streams of few shared sessions, opaque ones each on their own. */
import type { Endpoint } from '../model/index.js';
import { alpn } from './alpn.js';
import { HopSession } from './hop/session.js';
import { dialPeer, type MeshDial, type PeerConnection } from './peer-dial.js';
import { type Connector, sharedRead, type Upstream } from './upstream.js';

/** A session that carries nothing ends after this many milliseconds; before the callee's side would end it. */
const sessionIdleMs = 10_000;
/** No new streams so long before a certificate ends: what is in progress then is over in time. Milliseconds. */
const retireAheadMs = 30_000;

/** What was proved on it. */
export type Proved = Pick<PeerConnection, 'peerId' | 'peerHost' | 'expiresAt' | 'trustedBy'>;

interface Session extends Proved {
  readonly hop: HopSession;
}

/** One endpoint of the service. */
interface Place {
  readonly sessions: Set<Session>;
  /** Connections that wait for the session that is being made. */
  waiting: { readonly upstream: Upstream; readonly again: () => void; readonly next: () => void }[] | undefined;
  /** Does not speak our frames, as far as is known: nobody waits for a session with it. */
  plain: boolean;
}

/** Opaque TCP: a connection of its own to any endpoint. */
export function opaqueConnector(dial: MeshDial): Connector {
  const endpoints = inTurn(dial);
  return {
    open: (upstream) =>
      endpoints(upstream, (endpoint, next) => {
        const { reader, halfOpen } = upstream;
        dialPeer({ ...dial, endpoint, alpn: [alpn.tcp], halfOpen, onread: reader }, (at) => alone(upstream, at), next);
      }),
  };
}

/** HTTP toward one service; connections go to its endpoints in turn. */
export class PeerSessions implements Connector {
  readonly #dial: MeshDial;
  readonly #endpoints: ReturnType<typeof inTurn>;
  readonly #places = new Map<string, Place>();

  constructor(dial: MeshDial) {
    this.#dial = dial;
    this.#endpoints = inTurn(dial);
  }

  open(upstream: Upstream): void {
    this.#endpoints(upstream, (endpoint, next) => this.#openAt(upstream, endpoint, next));
  }

  /** After a rotation of our identity: what is open goes on, new connections prove the new one. */
  retire(): void {
    for (const { hop } of this.#all()) hop.retire();
  }

  /** Ends at once what is condemned. */
  destroy(condemned: (session: Proved) => boolean): void {
    for (const session of this.#all()) if (condemned(session)) session.hop.destroy();
  }

  /** Ends what expired, retires what will soon or whose endpoint is no longer the service's. */
  review(now: number): void {
    const current = new Set((this.#dial.policy()?.endpoints.get(this.#dial.service) ?? []).map(keyOf));
    for (const [key, place] of this.#places) {
      for (const { hop, expiresAt } of [...place.sessions]) {
        if (expiresAt <= now) hop.destroy();
        else if (expiresAt - now < retireAheadMs || !current.has(key)) hop.retire();
      }
      if (place.sessions.size === 0 && place.waiting === undefined && !current.has(key)) this.#places.delete(key);
    }
  }

  #all(): Session[] {
    return [...this.#places.values()].flatMap(({ sessions }) => [...sessions]);
  }

  #openAt(upstream: Upstream, endpoint: Endpoint, next: () => void): void {
    const place = this.#placeOf(endpoint);
    const now = this.#dial.context.sweeper.now;
    for (const session of place.sessions) {
      if (!session.hop.open || session.expiresAt <= now) continue;
      carry(upstream, session);
      return;
    }
    const again = () => this.#openAt(upstream, endpoint, next);
    if (place.waiting !== undefined && !place.plain) {
      place.waiting.push({ upstream, again, next });
      return;
    }
    this.#make(place, upstream, endpoint, next);
  }

  #make(place: Place, upstream: Upstream, endpoint: Endpoint, next: () => void): void {
    const first = place.waiting === undefined;
    if (first) place.waiting = [];
    const waited = () => {
      const waiting = first ? place.waiting : undefined;
      if (first) place.waiting = undefined;
      return waiting ?? [];
    };
    let take: (bytes: Buffer, count: number) => void = () => {};
    const onread = sharedRead((bytes, count) => take(bytes, count));
    const { policy, svid } = { policy: this.#dial.policy(), svid: this.#dial.svid() };
    dialPeer(
      { ...this.#dial, endpoint, alpn: [alpn.hop, alpn.http], halfOpen: false, onread },
      (at) => {
        place.plain = at.alpn !== alpn.hop;
        if (place.plain) {
          take = (bytes, count) => upstream.reader.callback(count, bytes);
          alone(upstream, at);
        } else {
          const session = this.#session(place, at);
          take = (bytes, count) => session.hop.read(bytes, count);
          // The identity or the roots changed during the handshake.
          if (this.#dial.svid() !== svid || this.#dial.policy()?.bundles !== policy?.bundles) session.hop.retire();
          if (!upstream.closed && session.hop.open) carry(upstream, session);
          else if (!upstream.closed) this.#openAt(upstream, endpoint, next);
        }
        for (const other of waited()) if (!other.upstream.closed) other.again();
      },
      () => {
        const others = waited();
        if (!upstream.closed) next();
        for (const other of others) if (!other.upstream.closed) other.next();
      },
    );
  }

  #session(place: Place, at: PeerConnection): Session {
    const { context, log, service } = this.#dial;
    const session: Session = {
      hop: new HopSession({
        socket: at.socket,
        sweeper: context.sweeper,
        idleMs: sessionIdleMs,
        onOver: (violation) => {
          place.sessions.delete(session);
          if (violation !== undefined) log.warn({ service, violation }, 'peer broke the hop protocol');
        },
      }),
      peerId: at.peerId,
      peerHost: at.peerHost,
      expiresAt: at.expiresAt,
      trustedBy: at.trustedBy,
    };
    place.sessions.add(session);
    return session;
  }

  #placeOf(endpoint: Endpoint): Place {
    const key = keyOf(endpoint);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const made: Place = { sessions: new Set(), waiting: undefined, plain: false };
    this.#places.set(key, made);
    return made;
  }
}

/** Tries the endpoints, each connection from the next one on; unreachable ones and those of somebody else are passed over. */
function inTurn(dial: MeshDial): (upstream: Upstream, attempt: (at: Endpoint, next: () => void) => void) => void {
  let turn = 0;
  return (upstream, attempt) => {
    const count = dial.policy()?.endpoints.get(dial.service)?.length ?? 0;
    const first = turn;
    turn = (turn + 1) % Math.max(1, count);
    from(0);

    function from(tried: number): void {
      const endpoints = dial.policy()?.endpoints.get(dial.service) ?? [];
      const endpoint = endpoints[(first + tried) % Math.max(1, endpoints.length)];
      if (endpoint === undefined || tried >= endpoints.length) {
        process.nextTick(() => upstream.failed('no-endpoint'));
        return;
      }
      attempt(endpoint, () => {
        if (!upstream.closed) from(tried + 1);
      });
    }
  };
}

function alone(upstream: Upstream, at: PeerConnection): void {
  proved(upstream, at);
  upstream.ready(at.socket);
}

function carry(upstream: Upstream, session: Session): void {
  proved(upstream, session);
  const stream = session.hop.openStream();
  // Whoever asked for it has the upstream only after `open` returned.
  process.nextTick(() => upstream.carried(stream, session.hop));
}

function proved(upstream: Upstream, { peerId, peerHost, expiresAt, trustedBy }: Proved): void {
  upstream.peerId = peerId;
  upstream.peerHost = peerHost;
  upstream.expiresAt = expiresAt;
  upstream.trustedBy = trustedBy;
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}
