/**
 * What a workload opens before its sidecar was told who it is and what it may: kept waiting for a moment, unread. A command
 * that calls a peer with its first breath is no deviation; whoever is still without identity or contract then is refused.
 */
import type { Socket } from 'node:net';
import { ownContract, type PlaneState } from './plane-state.js';
import { cut } from './sockets.js';

const patienceMs = 10_000;
const most = 1_000;

export class EarlyConnections {
  readonly #state: PlaneState;
  readonly #waiting = new Map<Socket, { readonly go: () => void; readonly until: number }>();

  constructor(state: PlaneState) {
    this.#state = state;
  }

  /** Calls `go` at once, or as soon as it can be decided, or when it waited long enough. */
  admit(socket: Socket, go: () => void): void {
    if (this.#provided()) {
      go();
      return;
    }
    if (this.#waiting.size >= most) {
      cut(socket);
      return;
    }
    socket.pause();
    socket.on('error', () => {});
    socket.once('close', () => this.#waiting.delete(socket));
    this.#waiting.set(socket, { go, until: this.#state.context.clock.monotonic() + patienceMs });
  }

  /** Identity or policy changed. */
  look(): void {
    if (this.#provided()) this.#release(Number.POSITIVE_INFINITY);
  }

  sweep(now: number): void {
    this.#release(now);
  }

  close(): void {
    for (const socket of this.#waiting.keys()) cut(socket);
    this.#waiting.clear();
  }

  #provided(): boolean {
    return this.#state.svid !== undefined && ownContract(this.#state) !== undefined;
  }

  #release(now: number): void {
    for (const [socket, { go, until }] of [...this.#waiting]) {
      if (until > now) continue;
      this.#waiting.delete(socket);
      if (socket.destroyed) continue;
      go();
      socket.resume();
    }
  }
}
