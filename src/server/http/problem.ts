/** Errors as RFC 9457 problems. What is not a `ServerError` is told to the log, never to the outside. */
import { z } from 'zod';
import { codeOf, isDiskFull, type Logger, messageOf, printable, TricordonError } from '../../base/index.js';
import { StoreError } from '../../store/index.js';
import { type Issue, ServerError, type ServerErrorCode, statusOf } from '../errors.js';

export interface ProblemBody {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly hint: string | null;
  readonly issues?: Issue[];
}

const titles: Readonly<Record<number, string>> = {
  400: 'Unsuitable request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  421: 'Misdirected request',
  426: 'Other version needed',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
  507: 'No room',
};

/** What fastify itself refuses, in our words. */
const frameworkCodes: Readonly<Record<string, ServerErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid',
  FST_ERR_BAD_URL: 'invalid',
  FST_ERR_ASYNC_CONSTRAINT: 'invalid',
};

/** The store's own words for being away, and those of the driver (PostgreSQL classes 08, 53 and 57P) beneath. */
const away = /^(08[0-9A-Z]{3}|53[0-9A-Z]{3}|57P0[0-9A-Z]|unreachable|disk-full)$/;

/** `isFull`: whether our own database has no room on its disk, which is then why it does not answer. */
export function problemOf(thrown: unknown, log: Logger, isFull: () => boolean = () => false): ProblemBody {
  const error = asServerError(thrown, isFull);
  if (error.code === 'internal') log.error({ err: thrown }, 'request failed');
  const status = statusOf[error.code];
  return {
    type: 'about:blank',
    title: titles[status] ?? 'Error',
    status,
    code: error.code,
    detail: printable(error.message, 1_000),
    hint: error.hint === undefined ? null : printable(error.hint, 1_000),
    ...(error.issues.length === 0 ? {} : { issues: error.issues.slice(0, 20) }),
  };
}

function asServerError(thrown: unknown, isFull: () => boolean): ServerError {
  // What a handler throws inside a transaction may come out wrapped.
  const own = thrown instanceof Error && thrown.cause instanceof ServerError ? thrown.cause : thrown;
  if (own instanceof ServerError) return own;
  if (thrown instanceof StoreError) {
    if (thrown.code === 'conflict') return new ServerError('conflict', thrown.message, detailOf(thrown));
    if (thrown.code === 'not-found') return new ServerError('not-found', thrown.message, detailOf(thrown));
    if (thrown.code === 'malformed') return new ServerError('invalid', thrown.message, detailOf(thrown));
  }
  if (thrown instanceof z.ZodError) return invalidInput(thrown);
  const code = codeOf(thrown) ?? '';
  if (isAway(thrown)) {
    if (code === 'disk-full' || code === '53100' || isFull())
      return new ServerError('unavailable', 'no space left for the database', {
        hint: 'free some space: it comes back by itself',
        cause: thrown,
      });
    return new ServerError('unavailable', 'the store does not answer', {
      hint: 'it is being restarted; try again in a few seconds',
      cause: thrown,
    });
  }
  if (isDiskFull(thrown))
    return new ServerError('unavailable', 'no space left on the disk of the control plane', {
      hint: 'free some space, then try again: nothing was changed',
      cause: thrown,
    });
  const known = frameworkCodes[code];
  if (known !== undefined) return new ServerError(known, messageOf(thrown).toLowerCase(), { cause: thrown });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ServerError('invalid', 'the request did not arrive in time');
  return new ServerError('internal', 'something failed here; the log of the control plane says what', {
    cause: thrown,
  });
}

function detailOf(error: TricordonError): { cause: unknown; hint?: string } {
  return { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}

export function isAway(thrown: unknown): boolean {
  for (let error = thrown, depth = 0; depth < 5 && error !== undefined && error !== null; depth += 1) {
    if (away.test(codeOf(error) ?? '')) return true;
    if (
      error instanceof Error &&
      /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
    )
      return true;
    error = error instanceof Error ? error.cause : undefined;
  }
  return false;
}

/** For a sibling module's error that is the caller's doing. */
export function callersFault(code: ServerErrorCode, thrown: unknown): ServerError {
  const hint = thrown instanceof TricordonError ? thrown.hint : undefined;
  return new ServerError(code, messageOf(thrown), { cause: thrown, ...(hint === undefined ? {} : { hint }) });
}

export function invalidInput(error: z.ZodError): ServerError {
  const issues = error.issues.slice(0, 20).map((issue) => ({
    path: printable(issue.path.map(String).join('.'), 200),
    message: printable(issue.message, 300),
  }));
  return new ServerError('invalid', 'the request does not have the expected shape', { issues, cause: error });
}
