import { canonicalPath } from '../../model/index.js';
import { parseTraceparent } from '../trace-context.js';
import { contentLength, fieldValue, isBlank, isHost, isToken, neverHopByHop, tokenList } from './fields.js';
import { limits, type RefusalCode } from './refusal.js';

export interface RequestHead {
  readonly kind: 'request';
  readonly method: string;
  /** Canonical, without query: what is decided on and what is forwarded. */
  readonly path: string;
  readonly query: string;
  /** Minor version of HTTP/1. */
  readonly minor: 0 | 1;
  /** Fields to forward, each ending in CRLF; without hop-by-hop, spoofable and trace fields. */
  readonly fields: string;
  readonly host: string;
  /** Bytes of body; -1: chunked. */
  readonly length: number;
  /** `Content-Length` was sent, be it 0. */
  readonly hasLength: boolean;
  readonly keepAlive: boolean;
  /** Asks for a WebSocket (RFC 6455 section 4.1). Any other upgrade offer is dropped (RFC 9110 section 7.8 allows it). */
  readonly upgrade: boolean;
  readonly expectsContinue: boolean;
  /** Trace id of a valid `traceparent`; empty otherwise. */
  readonly trace: string;
  readonly traceFlags: string;
  readonly tracestate: string;
  readonly requestId: string;
}

export interface RefusedHead {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** As far as it was read; for the record only. */
  readonly method: string;
  readonly path: string;
}

const fieldKinds = {
  host: 1,
  'content-length': 2,
  'transfer-encoding': 3,
  connection: 4,
  expect: 5,
  upgrade: 6,
  traceparent: 7,
  tracestate: 8,
  'x-request-id': 9,
  'keep-alive': 10,
  'proxy-connection': 10,
  'proxy-authorization': 10,
  te: 10,
  'http2-settings': 10,
  // Fields by which proxies tell applications who called: from the outside they are claims, so they end here.
  forwarded: 10,
  'x-real-ip': 10,
  'client-ip': 10,
  'true-client-ip': 10,
  'x-client-cert': 10,
  'x-ssl-client-cert': 10,
  'ssl-client-cert': 10,
  'x-original-url': 10,
  'x-rewrite-url': 10,
} as const;
const known: ReadonlyMap<string, number> = new Map(Object.entries(fieldKinds));
/** Other names need no look-up. */
const firstLetters = new Uint8Array(256);
for (const name of known.keys()) {
  firstLetters[name.charCodeAt(0)] = 1;
  firstLetters[name.toUpperCase().charCodeAt(0)] = 1;
}

/**
 * Reads a complete head (everything up to and including CRLF CRLF, already scanned by `scanHead`). Strict: RFC 9112
 * without any of its leniencies; what two readers could take differently is refused.
 */
export function parseRequestHead(head: string): RequestHead | RefusedHead {
  const lineEnd = head.indexOf('\r\n');
  const first = head.indexOf(' ');
  const second = first < 0 ? -1 : head.indexOf(' ', first + 1);
  if (first <= 0 || first > limits.method || second < 0 || second > lineEnd) return refused('start-line', '', '');
  const method = head.slice(0, first);
  if (!isToken(head, 0, first)) return refused('start-line', '', '');
  const target = head.slice(first + 1, second);
  if (target.length > limits.target) return refused('target-too-long', method, '');
  const minor = version(head, second + 1, lineEnd);
  if (minor === undefined) {
    return refused(/^HTTP\/[0-9]\.[0-9]$/.test(head.slice(second + 1, lineEnd)) ? 'version' : 'start-line', method, '');
  }
  // CONNECT would open a tunnel, TRACE echoes fields back: neither is ever forwarded (RFC 9110 sections 9.3.6, 9.3.8).
  if (method === 'CONNECT' || method === 'TRACE' || method === 'TRACK' || method === 'PRI') {
    return refused('method', method, '');
  }
  if (target.charCodeAt(0) !== 0x2f) return refused('target-form', method, '');
  let path = target;
  let query = '';
  if (!isPlainPath(target)) {
    const canonical = canonicalPath(target);
    if (canonical.kind === 'refused') return refused('path-ambiguous', method, target.slice(0, 1_024));
    path = canonical.path;
    query = canonical.query;
  }

  let host = '';
  let hosts = 0;
  let length = 0;
  let lengths = 0;
  let chunked = false;
  let codings = 0;
  let close = minor === 0;
  let options: string[] | undefined;
  let upgradeTo = '';
  let expectsContinue = false;
  let trace = '';
  let traceFlags = '';
  let traces = 0;
  let tracestate = '';
  let requestId = '';

  let fields = '';
  let run = lineEnd + 2;
  let count = 0;
  let at = lineEnd + 2;
  const end = head.length - 2;
  while (at < end) {
    const stop = head.indexOf('\r\n', at);
    count += 1;
    if (count > limits.fields) return refused('too-many-fields', method, path);
    if (isBlank(head.charCodeAt(at))) return refused('obs-fold', method, path);
    const colon = head.indexOf(':', at);
    // Also refuses white space before the colon (RFC 9112 section 5.1).
    if (colon < 0 || colon > stop || !isToken(head, at, colon)) return refused('field-name', method, path);
    const kind = firstLetters[head.charCodeAt(at)] === 1 ? kindOf(head.slice(at, colon).toLowerCase()) : 0;
    if (kind !== 0) {
      // Everything up to here that is kept goes on in one piece; this line does not.
      if (kind !== fieldKinds.host) {
        if (run < at) fields += head.slice(run, at);
        run = stop + 2;
      }
      switch (kind) {
        case fieldKinds.host:
          hosts += 1;
          host = fieldValue(head, colon + 1, stop);
          break;
        case fieldKinds['content-length']:
          lengths += 1;
          length = contentLength(fieldValue(head, colon + 1, stop));
          break;
        case fieldKinds['transfer-encoding']:
          codings += 1;
          chunked = fieldValue(head, colon + 1, stop).toLowerCase() === 'chunked';
          break;
        case fieldKinds.connection: {
          const members = tokenList(fieldValue(head, colon + 1, stop));
          if (members === undefined) return refused('connection-option', method, path);
          options = options === undefined ? members : options.concat(members);
          break;
        }
        case fieldKinds.expect:
          if (fieldValue(head, colon + 1, stop).toLowerCase() !== '100-continue')
            return refused('expect', method, path);
          expectsContinue = minor === 1;
          break;
        case fieldKinds.upgrade:
          upgradeTo = upgradeTo === '' ? fieldValue(head, colon + 1, stop).toLowerCase() : ',';
          break;
        case fieldKinds.traceparent: {
          traces += 1;
          const parent = parseTraceparent(fieldValue(head, colon + 1, stop));
          trace = parent?.trace ?? '';
          traceFlags = parent?.flags ?? '';
          break;
        }
        case fieldKinds.tracestate: {
          const more = fieldValue(head, colon + 1, stop);
          tracestate = tracestate === '' ? more : `${tracestate},${more}`;
          break;
        }
        case fieldKinds['x-request-id']:
          requestId = fieldValue(head, colon + 1, stop);
          break;
        default:
          break;
      }
    }
    at = stop + 2;
  }
  if (run < end) fields += head.slice(run, end);

  if (hosts > 1) return refused('host-duplicate', method, path);
  if (hosts === 0 && minor === 1) return refused('host-missing', method, path);
  if (hosts === 1 && !isHost(host)) return refused('host-malformed', method, path);
  if (codings > 0 && lengths > 0) return refused('length-and-chunked', method, path);
  if (lengths > 1) return refused('length-duplicate', method, path);
  if (length < 0) return refused('length-malformed', method, path);
  if (codings > 0 && minor === 0) return refused('transfer-encoding-http10', method, path);
  if (codings > 1 || (codings === 1 && !chunked)) return refused('transfer-encoding', method, path);
  let upgrade = false;
  if (options !== undefined) {
    for (const option of options) {
      if (option === 'close') close = true;
      else if (option === 'upgrade') upgrade = true;
      else if (neverHopByHop.has(option)) return refused('connection-option', method, path);
    }
    const extra = options.filter((option) => option !== 'close' && option !== 'keep-alive' && option !== 'upgrade');
    if (extra.length > 0) fields = without(fields, extra);
  }
  if (upgrade && upgradeTo === 'websocket') {
    if (method !== 'GET' || minor !== 1 || codings > 0 || length > 0) return refused('upgrade', method, path);
  } else {
    upgrade = false;
  }
  if (traces !== 1) trace = '';
  return {
    kind: 'request',
    method,
    path,
    query,
    minor,
    fields,
    host,
    length: codings > 0 ? -1 : length,
    hasLength: lengths > 0,
    keepAlive: !close,
    upgrade,
    expectsContinue,
    trace,
    traceFlags,
    tracestate: trace === '' ? '' : tracestate,
    requestId: /^[A-Za-z0-9._:@/+=-]{1,128}$/.test(requestId) ? requestId : '',
  };
}

const plainPath = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?$/;

/** True only for targets that `canonicalPath` gives back as they are (tested against it): the common case, cheaper. */
export function isPlainPath(target: string): boolean {
  return plainPath.test(target);
}

function kindOf(name: string): number {
  return known.get(name) ?? (isSpoofable(name) ? fieldKinds['x-real-ip'] : 0);
}

function version(head: string, from: number, to: number): 0 | 1 | undefined {
  if (to - from !== 8 || !head.startsWith('HTTP/1.', from)) return undefined;
  const minor = head.charCodeAt(from + 7);
  return minor === 0x31 ? 1 : minor === 0x30 ? 0 : undefined;
}

function isSpoofable(name: string): boolean {
  return name.charCodeAt(0) === 0x78 && (name.startsWith('x-forwarded') || name.startsWith('x-tricordon'));
}

/** Drops the fields that `Connection` names. */
function without(fields: string, names: readonly string[]): string {
  let kept = '';
  for (const line of fields.split('\r\n')) {
    if (line !== '' && !names.includes(line.slice(0, line.indexOf(':')).toLowerCase())) kept += `${line}\r\n`;
  }
  return kept;
}

function refused(code: RefusalCode, method: string, path: string): RefusedHead {
  return { kind: 'refused', code, method: method.slice(0, 32), path };
}
