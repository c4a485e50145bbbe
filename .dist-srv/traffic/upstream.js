import { plainAddress } from './sockets.js';
// One read buffer for all upstream sockets: a read is handled to its end before the next one starts.
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
export class Upstream {
    owner = null;
    socket;
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
    pool;
    /** Either side may end while the other goes on sending: opaque TCP. */
    halfOpen;
    #ended = false;
    constructor(pool, halfOpen = false) {
        this.pool = pool;
        this.halfOpen = halfOpen;
    }
    /** For `net.connect` and `tls.connect`: read into shared memory, without a stream's buffers. */
    get reader() {
        return {
            buffer: readBuffer,
            callback: (count, buffer) => {
                // Node hands back the buffer it was given.
                this.#bytes(Buffer.isBuffer(buffer) ? buffer : readBuffer, count, true);
                return true;
            },
        };
    }
    /** The connection is open and, where it has to be, authenticated. `events`: it was not opened with `reader`. */
    ready(socket, events = false) {
        if (this.closed) {
            socket.destroy();
            return;
        }
        this.socket = socket;
        this.localAddress = plainAddress(socket.localAddress);
        this.localPort = socket.localPort ?? 0;
        if (events)
            socket.on('data', (chunk) => this.#bytes(chunk, chunk.length, false));
        socket.on('drain', () => this.owner?.onUpstreamDrain(this));
        socket.on('end', () => this.#end(true));
        socket.on('error', () => this.#end(false));
        socket.on('close', () => this.#end(false));
        this.owner?.onUpstreamReady(this);
    }
    failed(code) {
        if (this.closed)
            return;
        this.closed = true;
        this.pool?.forget(this);
        this.owner?.onUpstreamFailed(this, code);
    }
    destroy() {
        if (this.closed)
            return;
        this.closed = true;
        this.owner = null;
        this.pool?.forget(this);
        this.socket?.destroy();
    }
    #bytes(bytes, count, shared) {
        if (this.closed)
            return;
        // Bytes nobody asked for: whatever they are, they are not an answer to the next request (response smuggling).
        if (this.owner === null)
            this.destroy();
        else
            this.owner.onUpstreamBytes(this, bytes, 0, count, shared);
    }
    #end(clean) {
        if (this.closed || this.#ended)
            return;
        this.#ended = true;
        const owner = this.owner;
        if (owner === null)
            this.destroy();
        else
            owner.onUpstreamEnd(this, clean);
    }
}
/** Idle connections to one next hop; the last one used is taken first, so that the others can age out. */
export class UpstreamPool {
    #connector;
    #idle = [];
    #all = new Set();
    #idleMs;
    /** @param idleMs how long an idle connection is kept: shorter than the peer does, or requests meet a closing door */
    constructor(connector, idleMs) {
        this.#connector = connector;
        this.#idleMs = idleMs;
    }
    get size() {
        return this.#all.size;
    }
    /** An idle connection, or undefined. */
    take(now) {
        for (;;) {
            const upstream = this.#idle.pop();
            if (upstream === undefined)
                return undefined;
            if (!upstream.closed && upstream.expiresAt > now && now - upstream.idleSince < this.#idleMs)
                return upstream;
            upstream.destroy();
        }
    }
    /** Starts a new one for `owner`. */
    open(owner) {
        const upstream = new Upstream(this);
        upstream.owner = owner;
        this.#all.add(upstream);
        this.#connector.open(upstream);
        return upstream;
    }
    release(upstream, now) {
        upstream.owner = null;
        if (upstream.closed)
            return;
        if (!this.#all.has(upstream) || upstream.expiresAt <= now) {
            upstream.destroy();
            return;
        }
        upstream.reused = true;
        upstream.idleSince = now;
        this.#idle.push(upstream);
    }
    forget(upstream) {
        this.#all.delete(upstream);
    }
    sweep(now) {
        while (this.#idle[0] !== undefined && (this.#idle[0].closed || now - this.#idle[0].idleSince >= this.#idleMs)) {
            this.#idle.shift()?.destroy();
        }
    }
    /** Ends every connection, in use or not; exchanges on them see a truncated answer or 502. */
    destroyAll() {
        this.#idle.length = 0;
        for (const upstream of [...this.#all]) {
            const owner = upstream.owner;
            upstream.destroy();
            owner?.onUpstreamEnd(upstream, false);
        }
    }
    /** Live connections; their `expiresAt` and `peerId` decide what a new snapshot drains. */
    connections() {
        return this.#all;
    }
    /** Ends the connections for which `condemned` is true. */
    drain(condemned) {
        for (const upstream of [...this.#all]) {
            if (!condemned(upstream))
                continue;
            const owner = upstream.owner;
            upstream.destroy();
            owner?.onUpstreamEnd(upstream, false);
        }
    }
}
