/** What the code of a connection needs of its socket. A hop's stream has it as well (`hop/stream.ts`). */
export interface Wire {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly destroyed: boolean;
  readonly writable: boolean;
  /** Everything up to our end is handed over. */
  readonly writableFinished: boolean;
  /** The peer's end was read. */
  readonly readableEnded: boolean;
  /** @returns false when the peer reads slower than we write: wait for `drain` */
  write(text: string, encoding: 'latin1'): boolean;
  write(bytes: Uint8Array): boolean;
  /** Our side is done; the peer may go on. */
  end(): unknown;
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
  destroy(): unknown;
  on(event: WireEvent, listener: () => void): unknown;
  once(event: WireEvent, listener: () => void): unknown;
}

export type WireEvent = 'drain' | 'end' | 'error' | 'close' | 'finish';
