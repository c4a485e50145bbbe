/** Everything the control plane refuses or fails at, with the HTTP status it becomes. */
import { type ErrorDetail, TricordonError } from '../base/index.js';

export const statusOf = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  csrf: 403,
  'four-eyes': 403,
  'foreign-host': 403,
  'service-not-registered': 403,
  'not-attested': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'digest-mismatch': 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  misdirected: 421,
  'version-apart': 426,
  'rate-limited': 429,
  internal: 500,
  unavailable: 503,
  'evidence-full': 507,
  /** Never sent over HTTP: the process cannot start. */
  config: 500,
  'port-in-use': 500,
} as const;
export type ServerErrorCode = keyof typeof statusOf;

export interface Issue {
  readonly path: string;
  readonly message: string;
}

/**
 * @example
 * throw new ServerError('not-found', 'there is no incident `INC-7`', { hint: 'list them with `tricordon incidents list`' });
 */
export class ServerError extends TricordonError<ServerErrorCode> {
  override readonly name = 'ServerError';
  readonly issues: readonly Issue[];
  /** Of `rate-limited`: when to try again. */
  readonly waitMs: number;

  constructor(
    code: ServerErrorCode,
    message: string,
    detail: ErrorDetail & { issues?: readonly Issue[]; waitMs?: number } = {},
  ) {
    super(code, message, detail);
    this.issues = detail.issues ?? [];
    this.waitMs = detail.waitMs ?? 1_000;
  }
}
