/** Users behind requests: bearer tokens verified once and remembered until they end. */
import { type TokenResult, type TokenVerifier, tokenVerifier, type VerifiedClaims } from '../identity/index.js';
import type { TokenIssuer } from '../model/index.js';

/** `why`: a token came and does not count; neither: none came. */
export interface UserOfRequest {
  readonly claims: VerifiedClaims | null;
  readonly why?: string | undefined;
}

export interface Users {
  /** @param fields as forwarded, each ending in CRLF @param now ms since 1970 */
  userOf(fields: string, now: number): UserOfRequest;
}

/** Tokens remembered; the oldest goes first. */
const mostTokens = 2_000;
const nobody: UserOfRequest = Object.freeze({ claims: null });

export function usersOf(issuers: readonly TokenIssuer[]): Users {
  const verify: TokenVerifier = tokenVerifier(issuers);
  const known = new Map<string, TokenResult>();
  return {
    userOf: (fields, now) => {
      const token = bearerIn(fields);
      if (token === undefined) return nobody;
      if (token === '') return { claims: null, why: 'a request with more than one `Authorization`' };
      const result = remembered(token, now);
      return result.kind === 'ok' ? { claims: result.claims } : { claims: null, why: `a token that ${result.why}` };
    },
  };

  /** Only what counts is remembered: it is what comes again. */
  function remembered(token: string, now: number): TokenResult {
    const found = known.get(token);
    if (found?.kind === 'ok' && now < found.until) return found;
    known.delete(token);
    const result = verify(token, now);
    if (result.kind === 'ok') {
      if (known.size >= mostTokens) for (const oldest of known.keys()) if (known.delete(oldest)) break;
      known.set(token, result);
    }
    return result;
  }
}

const authorization = /(?:^|\n)authorization:[ \t]*([^\r\n]*)/gi;
const bearer = /^bearer +([A-Za-z0-9._~+/-]+=*)[ \t]*$/i;

/** RFC 6750, section 2.1. undefined: none; empty: two fields, of which two readers might take another one each. */
function bearerIn(fields: string): string | undefined {
  const [field, ...more] = [...fields.matchAll(authorization)];
  if (field === undefined) return undefined;
  return more.length > 0 ? '' : bearer.exec(field[1] ?? '')?.[1];
}
