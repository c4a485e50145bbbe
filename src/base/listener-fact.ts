/** What docs/reference/listeners.md says of one door: the room that opens it makes this of the very constants it goes by. */
export interface ListenerFact {
  readonly name: string;
  readonly process: 'control plane' | 'agent' | 'sidecar' | 'gateway' | 'PostgreSQL';
  /** Address or path, with the setting that changes it. */
  readonly where: string;
  /** How a test finds it: by the end of its path, or by who listens on TCP. */
  readonly socket: { readonly path: RegExp } | { readonly tcp: RegExp };
  readonly transport: string;
  /** Who may speak, and how that is known. */
  readonly authentication: string;
  readonly limits: readonly string[];
}

/** For the limits of a fact. */
export function kibibytes(bytes: number): string {
  return bytes >= 1 << 20 ? `${bytes / (1 << 20)} MiB` : `${bytes / (1 << 10)} KiB`;
}

export function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}
