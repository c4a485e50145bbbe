/** The SPIFFE Workload API on a Unix socket. One socket per workload: whoever may open it gets that identity. */
import { createServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { type Logger, messageOf, printable, silent } from '../../base/index.js';
import type { Bundles, Svid } from '../svid.js';
import { answer, fail, headFault, readRequest, status } from './grpc.js';
import { bundlesResponse, svidResponse } from './messages.js';
import { type GetSocketOption, type PeerCredentials, peerCredentials } from './peer-credentials.js';
import { listenOnPath } from './unix-socket.js';

/** `starting`: Unavailable, clients come back; no SVIDs: PermissionDenied. */
export type WorkloadApiState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly svids: readonly Svid[]; readonly bundles: Bundles };

export interface WorkloadApiOptions {
  /** At most 107 bytes; its directory must exist. */
  readonly socketPath: string;
  /** Permission bits; default 0600. */
  readonly mode?: number;
  readonly state: () => WorkloadApiState;
  /** Subscribes to changes of `state`; returns the unsubscriber. */
  readonly onChange: (listener: () => void) => () => void;
  /** Refuses by returning false. `peer` is undefined when the kernel's answer is not to be had: decide for that too. */
  readonly authorize?: (peer: PeerCredentials | undefined) => boolean;
  readonly getSocketOption?: GetSocketOption;
  /** Milliseconds within which updates are spread; default 500. */
  readonly jitterMs?: number;
  readonly random?: () => number;
  /** How long a client may leave an update unread, or a connection without a call; default 30,000. */
  readonly patienceMs?: number;
  readonly logger?: Logger;
}

export interface WorkloadApi {
  readonly socketPath: string;
  /** `unix://...`, for `SPIFFE_ENDPOINT_SOCKET`. */
  readonly address: string;
  /** Open streams, for tests and status. */
  streams(): number;
  close(): Promise<void>;
}

const service = '/SpiffeWorkloadAPI/';
const unimplemented = ['FetchJWTSVID', 'FetchJWTBundles', 'ValidateJWTSVID', 'FetchWITSVID', 'FetchWITBundles'];
/** On the socket, since a session shows its socket only through a proxy. */
const refusedMark = Symbol('refused');
export const mostSessions = 64;
export const mostStreams = 32;
export const patienceMs = 30_000;

/** @throws IdentityError `socket-path-too-long`, `socket-in-use`, `socket-failed`. */
export async function serveWorkloadApi(options: WorkloadApiOptions): Promise<WorkloadApi> {
  const log = options.logger ?? silent;
  const patience = options.patienceMs ?? patienceMs;
  const sessions = new Set<Http2Session>();
  const streams = new Set<() => void>();
  const server = createServer({
    maxSessionMemory: 1,
    maxSessionInvalidFrames: 16,
    maxHeaderListPairs: 32,
    settings: { maxConcurrentStreams: mostStreams, maxHeaderListSize: 8_192, enablePush: false },
    peerMaxConcurrentStreams: mostStreams,
    unknownProtocolTimeout: patience,
  });
  // the pipe server below http2 keeps the count: beyond it connections are closed before a session exists
  server.maxConnections = mostSessions;
  server.on('connection', (socket: Socket) => {
    const peer = peerCredentials(socket, options.getSocketOption);
    if (options.authorize !== undefined && !options.authorize(peer)) {
      Object.defineProperty(socket, refusedMark, { value: true });
      log.warn({ peer, socket: options.socketPath }, 'workload api caller refused');
    }
  });
  server.on('session', (session) => {
    // asked per stream: the session may exist before the connection's own listener has run
    const refusedPeer = (): boolean => Reflect.get(session.socket, refusedMark) === true;
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', (error: Error) => log.debug({ reason: messageOf(error) }, 'workload api session failed'));
    // only while it holds no stream: a watch may be silent for hours
    let open = 0;
    session.setTimeout(patience, () => {
      if (open === 0) session.destroy();
    });
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      open += 1;
      stream.on('close', () => {
        open -= 1;
      });
      stream.on('error', () => {});
      serve(stream, headers, refusedPeer());
    });
  });
  server.on('sessionError', () => {});
  await listenOnPath(server, options.socketPath, options.mode ?? 0o600);
  const unsubscribe = options.onChange(() => {
    for (const push of streams) push();
  });

  return {
    socketPath: options.socketPath,
    address: `unix://${options.socketPath}`,
    streams: () => streams.size,
    async close() {
      unsubscribe();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.destroy();
      await closed;
      await rm(options.socketPath, { force: true });
    },
  };

  function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, refusedPeer: boolean): void {
    const fault = headFault(headers);
    if (fault !== undefined) {
      stream.respond({ ':status': fault === 'method' ? 405 : 415 }, { endStream: true });
      return;
    }
    const path = headers[':path'] ?? '';
    const method = path.startsWith(service) ? path.slice(service.length) : '';
    // the header proves that the caller meant this API: a forwarded web request cannot carry it (section 4 of the API)
    if (headers['workload.spiffe.io'] !== 'true') {
      fail(stream, status.invalidArgument, 'security header missing from request');
      return;
    }
    if (refusedPeer) {
      fail(stream, status.permissionDenied, 'this caller has no identity here');
      return;
    }
    if (unimplemented.includes(method)) {
      fail(stream, status.unimplemented, `${method} is not offered here`);
      return;
    }
    const render = method === 'FetchX509SVID' ? renderSvids : method === 'FetchX509Bundles' ? renderBundles : undefined;
    if (render === undefined) {
      fail(stream, status.unimplemented, `unknown method ${encodeURIComponent(printable(path, 100))}`);
      return;
    }
    const timer = setTimeout(() => fail(stream, status.deadlineExceeded, 'no request message came'), patience);
    timer.unref();
    stream.on('close', () => clearTimeout(timer));
    readRequest(stream, (problem) => {
      clearTimeout(timer);
      if (stream.headersSent) return;
      if (problem !== undefined) {
        fail(stream, problem.code, problem.text);
        return;
      }
      watch(stream, render);
    });
  }

  function renderSvids(state: WorkloadApiState & { kind: 'ready' }): Buffer {
    return svidResponse(state.svids, state.bundles);
  }

  function renderBundles(state: WorkloadApiState & { kind: 'ready' }): Buffer {
    return bundlesResponse(state.bundles);
  }

  /** Sends the full state at once and after each change, until the client leaves or the identity is withdrawn. */
  function watch(stream: ServerHttp2Stream, render: (state: WorkloadApiState & { kind: 'ready' }) => Buffer): void {
    let send: ((message: Uint8Array) => boolean) | undefined;
    let last: Buffer = Buffer.alloc(0);
    let blocked: NodeJS.Timeout | undefined;
    let waiting: NodeJS.Timeout | undefined;
    streams.add(pushSoon);
    stream.on('close', () => {
      streams.delete(pushSoon);
      clearTimeout(blocked);
      clearTimeout(waiting);
    });
    push();

    function pushSoon(): void {
      if (waiting !== undefined) return;
      waiting = setTimeout(push, (options.random ?? Math.random)() * (options.jitterMs ?? 500));
    }

    function push(): void {
      waiting = undefined;
      // a client that reads slowly gets the newest state when it has read, not a queue of old ones
      if (blocked !== undefined || stream.destroyed) return;
      const state = options.state();
      if (state.kind === 'starting') {
        end(status.unavailable, 'starting, try again');
        return;
      }
      if (state.svids.length === 0) {
        end(status.permissionDenied, 'no identity issued');
        return;
      }
      let message: Buffer;
      try {
        message = render(state);
      } catch (error) {
        log.error({ reason: messageOf(error) }, 'workload api answer failed');
        end(status.internal, 'internal error');
        return;
      }
      if (message.equals(last)) return;
      last = message;
      send ??= answer(stream);
      if (send(message)) return;
      // destroyed, not closed: closing would wait for the very bytes nobody reads
      blocked = setTimeout(() => stream.destroy(), patience);
      blocked.unref();
      stream.once('drain', () => {
        clearTimeout(blocked);
        blocked = undefined;
        push();
      });
    }

    function end(code: 7 | 13 | 14, text: string): void {
      streams.delete(pushSoon);
      fail(stream, code, text);
    }
  }
}
