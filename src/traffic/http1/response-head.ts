import { contentLength, fieldValue, isBlank, isToken, tokenList } from './fields.js';
import { limits, type RefusalCode } from './refusal.js';

export interface ResponseHead {
  readonly kind: 'response';
  readonly status: number;
  readonly minor: 0 | 1;
  /** Bytes of body; -1: chunked; -2: until the connection ends. */
  readonly length: number;
  /** The peer keeps the connection open after this response. */
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** The head can be passed on byte for byte: HTTP/1.1, nothing in it that is meant for this hop only. */
  readonly untouched: boolean;
  /** Names that `Connection` adds to what is meant for this hop only. */
  readonly named: readonly string[];
}

export interface RefusedResponse {
  readonly kind: 'refused';
  readonly code: RefusalCode;
}

const kinds: ReadonlyMap<string, number> = new Map([
  ['content-length', 1],
  ['transfer-encoding', 2],
  ['connection', 3],
  ['keep-alive', 4],
  ['proxy-connection', 4],
  ['upgrade', 5],
]);

/** Names of any other length are not looked up. */
const nameLengths = new Set([...kinds.keys()].map((name) => name.length));

/** Reads a complete, scanned response head. `bodiless`: the request was HEAD (RFC 9112 section 6.3). */
export function parseResponseHead(head: string, bodiless: boolean): ResponseHead | RefusedResponse {
  const lineEnd = head.indexOf('\r\n');
  if (!head.startsWith('HTTP/1.') || head.charCodeAt(8) !== 0x20) return refused('start-line');
  const minor = head.charCodeAt(7) - 0x30;
  if (minor !== 0 && minor !== 1) return refused('version');
  const status = statusAt(head);
  if (status < 0 || lineEnd < 12 || (lineEnd > 12 && head.charCodeAt(12) !== 0x20)) return refused('start-line');

  let lengths = 0;
  let length = 0;
  let codings = 0;
  let chunked = false;
  let close = minor === 0;
  let named: string[] | undefined;
  let upgrade = false;
  let touched = false;
  let count = 0;
  let at = lineEnd + 2;
  const end = head.length - 2;
  while (at < end) {
    const stop = head.indexOf('\r\n', at);
    count += 1;
    if (count > limits.fields) return refused('too-many-fields');
    if (isBlank(head.charCodeAt(at))) return refused('obs-fold');
    const colon = head.indexOf(':', at);
    if (colon < 0 || colon > stop || !isToken(head, at, colon)) return refused('field-name');
    const kind = nameLengths.has(colon - at) ? kinds.get(head.slice(at, colon).toLowerCase()) : undefined;
    if (kind !== undefined) {
      if (kind === 1) {
        lengths += 1;
        length = contentLength(fieldValue(head, colon + 1, stop));
      } else if (kind === 2) {
        codings += 1;
        chunked = fieldValue(head, colon + 1, stop).toLowerCase() === 'chunked';
      } else {
        if (kind === 3) {
          const value = fieldValue(head, colon + 1, stop);
          // Exactly what we would say ourselves to a caller whose connection stays open.
          if (value === 'keep-alive' && minor === 1) {
            at = stop + 2;
            continue;
          }
          const members = tokenList(value);
          if (members === undefined) return refused('connection-option');
          named = named === undefined ? members : named.concat(members);
        } else if (kind === 5) {
          upgrade = fieldValue(head, colon + 1, stop).toLowerCase() === 'websocket';
        }
        touched = true;
      }
    }
    at = stop + 2;
  }

  if (codings > 0 && lengths > 0) return refused('length-and-chunked');
  if (lengths > 1) return refused('length-duplicate');
  if (length < 0) return refused('length-malformed');
  if (codings > 1 || (codings === 1 && !chunked)) return refused('transfer-encoding');
  if (codings > 0 && minor === 0) return refused('transfer-encoding-http10');
  let extra: readonly string[] = nothing;
  if (named !== undefined) {
    if (named.includes('close')) close = true;
    else if (minor === 0 && named.includes('keep-alive')) close = false;
    extra = named.filter((name) => name !== 'close' && name !== 'keep-alive' && name !== 'upgrade');
    if (extra.some((name) => name === 'content-length' || name === 'set-cookie')) return refused('connection-option');
  }
  const none = bodiless || status < 200 || status === 204 || status === 304;
  // A 1xx or 204 must not say that a body follows (RFC 9110 section 8.6, RFC 9112 section 6.1): two readers would differ.
  if ((status < 200 || status === 204) && (codings > 0 || length > 0)) return refused('length-and-chunked');
  const framed = none ? 0 : codings > 0 ? -1 : lengths > 0 ? length : -2;
  return {
    kind: 'response',
    status,
    minor,
    length: framed,
    keepAlive: !close && framed !== -2,
    upgrade: upgrade && status === 101,
    untouched: !touched && minor === 1 && framed !== -2,
    named: extra,
  };
}

/**
 * Reason phrase and end-to-end fields of a head that is written anew: ` OK CRLF field CRLF`, each line ending in CRLF,
 * without the empty line. Only for heads that `parseResponseHead` took.
 */
export function endToEnd(head: string, parsed: ResponseHead): string {
  let rest = '';
  for (const line of head.slice(12, -4).split('\r\n')) {
    const name = rest === '' ? '' : line.slice(0, line.indexOf(':')).toLowerCase();
    const kind = kinds.get(name);
    if ((kind === undefined || kind === 1) && !parsed.named.includes(name)) rest += `${line}\r\n`;
  }
  return parsed.length === -1 ? `${rest}Transfer-Encoding: chunked\r\n` : rest;
}

const nothing: readonly string[] = [];

/** The status code, or -1. */
function statusAt(head: string): number {
  const [a, b, c] = [head.charCodeAt(9) - 0x30, head.charCodeAt(10) - 0x30, head.charCodeAt(11) - 0x30];
  return a >= 1 && a <= 5 && b >= 0 && b <= 9 && c >= 0 && c <= 9 ? a * 100 + b * 10 + c : -1;
}

function refused(code: RefusalCode): RefusedResponse {
  return { kind: 'refused', code };
}
