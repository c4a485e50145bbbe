/** Connections toward the next hop: opened by a `Connector`, owned by one exchange at a time, kept by an `UpstreamPool`. */
import type { OnReadOpts, Socket } from 'node:net';
import type { Bundles } from '../identity/index.js';
import type { HopSession } from './hop/session.js';
import type { HopStream } from './hop/stream.js';
import { plainAddress } from './sockets.js';
import type { Wire } from './wire.js';

export interface UpstreamOwner {
  onUpstreamReady(upstream: Upstream): void;
  /** It could not be opened: nothing was sent. */
  onUpstreamFailed(upstream: Upstream, code: string): void;
  /** `bytes[from..to)`; `shared`: valid during the call only. */
  onUpstreamBytes(upstream: Upstream, bytes: Buffer, from: number, to: number, shared: boolean): void;
  onUpstreamDrain(upstream: Upstream): void;
  /**
   * The peer is done; `clean`: it said so (FIN). A reset that arrives together with the last data looks clean too: libuv
   * reports it as an end. So only framing tells a whole body from a cut one; a body without any is as good as HTTP/1.0.
   */
  onUpstreamEnd(upstream: Upstream, clean: boolean): void;
}

/** Opens connections of one kind. Calls `upstream.ready` or `upstream.failed`, once. */
export interface Connector {
  open(upstream: Upstream): void;
}

// One read buffer for all upstream sockets: a read is handled to its end before the next one starts.
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** For `net.connect` and `tls.connect`: what is read is valid during the call only. */
export function sharedRead(take: (bytes: Buffer, count: number) => void): OnReadOpts {
  return {
    buffer: readBuffer,
    callback: (count, buffer) => {
      // Node hands back the buffer it was given.
      take(Buffer.isBuffer(buffer) ? buffer : readBuffer, count);
      return true;
    },
  };
}

export class Upstream {
  owner: UpstreamOwner | null = null;
  socket: Wire | undefined;
  /** It carried an exchange before: the peer may have closed it in the meantime. */
  reused = false;
  idleSince = 0;
  closed = false;
  /** The address we are seen with; what a callee on the same host sees as its peer. */
  localAddress = '';
  localPort = 0;
  /** Monotonic time after which it must not be used; the peer's certificate ends. */
  expiresAt = Number.POSITIVE_INFINITY;
  /** Proved identity of the server; empty on plain connections. */
  peerId = '';
  /** The host whose agent attested the peer, as its certificate says. */
  peerHost: string | undefined;
  /** Whether what was proved on it still counts under these roots. */
  trustedBy: (bundles: Bundles) => boolean = () => true;
  readonly pool: UpstreamPool | undefined;
  /** Either side may end while the other goes on sending: opaque TCP. */
  readonly halfOpen: boolean;
  #session: HopSession | undefined;
  #ended = false;

  constructor(pool: UpstreamPool | undefined, halfOpen = false) {
    this.pool = pool;
    this.halfOpen = halfOpen;
  }

  /** For `net.connect` and `tls.connect`: read into shared memory, without a stream's buffers. */
  get reader(): OnReadOpts {
    return sharedRead((bytes, count) => this.#bytes(bytes, 0, count, true));
  }

  /** The connection is open and, where it has to be, authenticated. `events`: it was not opened with `reader`. */
  ready(socket: Socket, events = false): void {
    if (events && !this.closed) socket.on('data', (chunk: Buffer) => this.#bytes(chunk, 0, chunk.length, false));
    this.#carriedBy(socket);
  }

  /** The same inside a hop, whose identities hold for the stream. */
  carried(stream: HopStream, session: HopSession): void {
    this.#session = session;
    stream.receive((bytes, from, to, shared) => this.#bytes(bytes, from, to, shared));
    this.#carriedBy(stream);
  }

  /** It may carry one more exchange. */
  usable(now: number): boolean {
    return !this.closed && this.expiresAt > now && this.#session?.retired !== true;
  }

  failed(code: string): void {
    if (this.closed) return;
    this.closed = true;
    this.pool?.forget(this);
    this.owner?.onUpstreamFailed(this, code);
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    this.owner = null;
    this.pool?.forget(this);
    this.socket?.destroy();
  }

  #carriedBy(wire: Wire): void {
    if (this.closed) {
      wire.destroy();
      return;
    }
    this.socket = wire;
    this.localAddress = plainAddress(wire.localAddress);
    this.localPort = wire.localPort ?? 0;
    wire.on('drain', () => this.owner?.onUpstreamDrain(this));
    wire.on('end', () => this.#end(true));
    wire.on('error', () => this.#end(false));
    wire.on('close', () => this.#end(false));
    this.owner?.onUpstreamReady(this);
  }

  #bytes(bytes: Buffer, from: number, to: number, shared: boolean): void {
    if (this.closed) return;
    // Bytes nobody asked for: whatever they are, they are not an answer to the next request (response smuggling).
    if (this.owner === null) this.destroy();
    else this.owner.onUpstreamBytes(this, bytes, from, to, shared);
  }

  #end(clean: boolean): void {
    if (this.closed || this.#ended) return;
    this.#ended = true;
    const owner = this.owner;
    if (owner === null) this.destroy();
    else owner.onUpstreamEnd(this, clean);
  }
}

/** Idle connections to one next hop; the last one used is taken first, so that the others can age out. */
export class UpstreamPool {
  readonly #connector: Connector;
  readonly #idle: Upstream[] = [];
  readonly #all = new Set<Upstream>();
  readonly #idleMs: number;

  /** @param idleMs how long an idle connection is kept: shorter than the peer does, or requests meet a closing door */
  constructor(connector: Connector, idleMs: number) {
    this.#connector = connector;
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#all.size;
  }

  /** An idle connection, or undefined. */
  take(now: number): Upstream | undefined {
    for (;;) {
      const upstream = this.#idle.pop();
      if (upstream === undefined) return undefined;
      if (upstream.usable(now) && now - upstream.idleSince < this.#idleMs) return upstream;
      upstream.destroy();
    }
  }

  /** Starts a new one for `owner`. */
  open(owner: UpstreamOwner): Upstream {
    const upstream = new Upstream(this);
    upstream.owner = owner;
    this.#all.add(upstream);
    this.#connector.open(upstream);
    return upstream;
  }

  release(upstream: Upstream, now: number): void {
    upstream.owner = null;
    if (upstream.closed) return;
    if (!this.#all.has(upstream) || !upstream.usable(now)) {
      upstream.destroy();
      return;
    }
    upstream.reused = true;
    upstream.idleSince = now;
    this.#idle.push(upstream);
  }

  forget(upstream: Upstream): void {
    this.#all.delete(upstream);
  }

  /** Ends idle connections that take no further exchange: their session was retired. */
  dropUnusable(now: number): void {
    for (const upstream of this.#idle) if (!upstream.usable(now)) upstream.destroy();
  }

  sweep(now: number): void {
    while (this.#idle[0] !== undefined && (this.#idle[0].closed || now - this.#idle[0].idleSince >= this.#idleMs)) {
      this.#idle.shift()?.destroy();
    }
  }

  /** Ends every connection, in use or not; exchanges on them see a truncated answer or 502. */
  destroyAll(): void {
    this.#idle.length = 0;
    for (const upstream of [...this.#all]) {
      const owner = upstream.owner;
      upstream.destroy();
      owner?.onUpstreamEnd(upstream, false);
    }
  }

  /** Live connections; their `expiresAt` and `peerId` decide what a new snapshot drains. */
  connections(): Iterable<Upstream> {
    return this.#all;
  }

  /** Ends the connections for which `condemned` is true. */
  drain(condemned: (upstream: Upstream) => boolean): void {
    for (const upstream of [...this.#all]) {
      if (!condemned(upstream)) continue;
      const owner = upstream.owner;
      upstream.destroy();
      owner?.onUpstreamEnd(upstream, false);
    }
  }
}
