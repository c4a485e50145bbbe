import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RefusalCode } from './refusal.js';
import { canonicalPath } from '../../model/index.js';
import { isPlainPath, parseRequestHead } from './request-head.js';
import { bareCr, bareLf, controlCharacter, incomplete, resumeAt, scanHead, tooLarge } from './scan.js';

/** What a connection makes of these bytes: the head, or why it is refused. */
function read(text: string) {
  const bytes = Buffer.from(text, 'latin1');
  const end = scanHead(bytes, 0, 0, bytes.length);
  if (end === bareCr) return 'bare-cr';
  if (end === bareLf) return 'bare-lf';
  if (end === controlCharacter) return 'control-character';
  if (end === tooLarge) return 'head-too-large';
  if (end === incomplete) return 'incomplete';
  const head = parseRequestHead(bytes.toString('latin1', 0, end));
  return head.kind === 'refused' ? head.code : head;
}

function accepted(text: string) {
  const head = read(text);
  if (typeof head === 'string') throw new Error(`refused: ${head}`);
  return head;
}

const host = 'Host: a\r\n';
const refusedShapes: readonly (readonly [string, string, RefusalCode])[] = [
  [
    'length and chunked',
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
    'length-and-chunked',
  ],
  [
    'chunked and length',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n`,
    'length-and-chunked',
  ],
  [
    'two lengths that differ',
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`,
    'length-duplicate',
  ],
  [
    'two lengths that are equal',
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`,
    'length-duplicate',
  ],
  ['a list of lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\n`, 'length-malformed'],
  ['a signed length', `POST / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\n`, 'length-malformed'],
  ['a negative length', `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 'length-malformed'],
  ['a hexadecimal length', `POST / HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\n`, 'length-malformed'],
  [
    'a length beyond exact integers',
    `POST / HTTP/1.1\r\n${host}Content-Length: 9999999999999999\r\n\r\n`,
    'length-malformed',
  ],
  ['an empty length', `POST / HTTP/1.1\r\n${host}Content-Length: \r\n\r\n`, 'length-malformed'],
  [
    'chunked twice',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    'transfer-encoding',
  ],
  [
    'another coding before chunked',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`,
    'transfer-encoding',
  ],
  [
    'chunked before another coding',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n`,
    'transfer-encoding',
  ],
  [
    'a coding that only looks like chunked',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n`,
    'transfer-encoding',
  ],
  [
    'chunked with a vertical tab',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: \u000bchunked\r\n\r\n`,
    'control-character' as RefusalCode,
  ],
  ['chunked in HTTP/1.0', `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n`, 'transfer-encoding-http10'],
  ['a space before the colon', `GET / HTTP/1.1\r\nHost : a\r\n\r\n`, 'field-name'],
  ['a tab before the colon', `POST / HTTP/1.1\r\n${host}Content-Length\t: 5\r\n\r\n`, 'field-name'],
  ['an empty name', `GET / HTTP/1.1\r\n${host}: x\r\n\r\n`, 'field-name'],
  ['a line without a colon', `GET / HTTP/1.1\r\n${host}nonsense\r\n\r\n`, 'field-name'],
  ['a folded line', `GET / HTTP/1.1\r\n${host}X-A: b\r\n c\r\n\r\n`, 'obs-fold'],
  ['a folded first line', `GET / HTTP/1.1\r\n Host: a\r\n\r\n`, 'obs-fold'],
  ['a bare LF', `GET / HTTP/1.1\nHost: a\r\n\r\n`, 'bare-lf'],
  ['an end of two bare LF', `GET / HTTP/1.1\r\nHost: a\n\n`, 'bare-lf'],
  ['a bare CR in a value', `GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n`, 'bare-cr'],
  ['NUL', `GET / HTTP/1.1\r\n${host}X: \u0000\r\n\r\n`, 'control-character'],
  ['DEL', `GET / HTTP/1.1\r\n${host}X: \u007f\r\n\r\n`, 'control-character'],
  ['no Host in HTTP/1.1', `GET / HTTP/1.1\r\nX: y\r\n\r\n`, 'host-missing'],
  ['two Hosts', `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, 'host-duplicate'],
  ['two equal Hosts', `GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n`, 'host-duplicate'],
  ['a list in Host', `GET / HTTP/1.1\r\nHost: a, b\r\n\r\n`, 'host-malformed'],
  ['user information in Host', `GET / HTTP/1.1\r\nHost: a@b\r\n\r\n`, 'host-malformed'],
  ['a path in Host', `GET / HTTP/1.1\r\nHost: a/b\r\n\r\n`, 'host-malformed'],
  ['absolute form', `GET http://a/ HTTP/1.1\r\n${host}\r\n`, 'target-form'],
  ['asterisk form', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 'target-form'],
  ['CONNECT', `CONNECT a:1 HTTP/1.1\r\n${host}\r\n`, 'method'],
  ['TRACE', `TRACE / HTTP/1.1\r\n${host}\r\n`, 'method'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', 'version'],
  ['HTTP/0.9', 'GET /\r\n\r\n', 'start-line'],
  ['HTTP/2.0 by name', `GET / HTTP/2.0\r\n${host}\r\n`, 'version'],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${host}\r\n`, 'version'],
  ['a lower-case version', `GET / http/1.1\r\n${host}\r\n`, 'start-line'],
  ['two spaces', `GET  / HTTP/1.1\r\n${host}\r\n`, 'start-line'],
  ['a space in the target', `GET /a b HTTP/1.1\r\n${host}\r\n`, 'start-line'],
  ['a leading empty line', `\r\nGET / HTTP/1.1\r\n${host}\r\n`, 'start-line'],
  ['a method that is no token', `G(T / HTTP/1.1\r\n${host}\r\n`, 'start-line'],
  ['a dot segment', `GET /a/../b HTTP/1.1\r\n${host}\r\n`, 'path-ambiguous'],
  ['an encoded dot segment', `GET /a/%2e%2e/b HTTP/1.1\r\n${host}\r\n`, 'path-ambiguous'],
  ['an encoded slash', `GET /a%2fb HTTP/1.1\r\n${host}\r\n`, 'path-ambiguous'],
  ['double encoding', `GET /%252e HTTP/1.1\r\n${host}\r\n`, 'path-ambiguous'],
  ['a backslash', `GET /a\\b HTTP/1.1\r\n${host}\r\n`, 'path-ambiguous'],
  ['a path parameter', `GET /a;x/b HTTP/1.1\r\n${host}\r\n`, 'path-ambiguous'],
  ['a fragment', `GET /a#b HTTP/1.1\r\n${host}\r\n`, 'path-ambiguous'],
  ['a target of more than 8 KiB', `GET /${'a'.repeat(8_192)} HTTP/1.1\r\n${host}\r\n`, 'target-too-long'],
  ['more than 100 fields', `GET / HTTP/1.1\r\n${host}${'a: b\r\n'.repeat(100)}\r\n`, 'too-many-fields'],
  ['more than 32 KiB', `GET / HTTP/1.1\r\n${host}a: ${'b'.repeat(32_768)}\r\n\r\n`, 'head-too-large' as RefusalCode],
  ['an expectation that is not known', `POST / HTTP/1.1\r\n${host}Expect: everything\r\n\r\n`, 'expect'],
  ['a Connection that names Host', `GET / HTTP/1.1\r\n${host}Connection: host\r\n\r\n`, 'connection-option'],
  [
    'a Connection that names Authorization',
    `GET / HTTP/1.1\r\n${host}Connection: close, Authorization\r\n\r\n`,
    'connection-option',
  ],
  ['a Connection that is no list of tokens', `GET / HTTP/1.1\r\n${host}Connection: (x)\r\n\r\n`, 'connection-option'],
  [
    'a WebSocket with a body',
    `GET / HTTP/1.1\r\n${host}Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\n`,
    'upgrade',
  ],
];

describe('a request head', () => {
  test.each(refusedShapes)('is refused with %s', (_name, text, code) => {
    expect(read(text)).toBe(code);
  });

  test('is read, with a canonical path and the query apart', () => {
    const head = accepted('GET /%41b/c%c3%a9?x=1&y HTTP/1.1\r\nHost: shop.test:8080\r\nAccept: */*\r\n\r\n');
    expect(head).toMatchObject({
      method: 'GET',
      path: '/Ab/c%C3%A9',
      query: 'x=1&y',
      minor: 1,
      keepAlive: true,
      length: 0,
    });
    expect(head.fields).toBe('Host: shop.test:8080\r\nAccept: */*\r\n');
  });

  test('loses what is meant for one hop, and what only a proxy may say', () => {
    const gone = [
      'Keep-Alive: 5',
      'Proxy-Connection: x',
      'TE: trailers',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMA',
      'X-Forwarded-For: 1.2.3.4',
      'x-forwarded-client-cert: By=spiffe://a/b',
      'X-Tricordon-Caller: payments',
      'Forwarded: for=1.2.3.4',
      'X-Real-IP: 1.2.3.4',
      'X-Original-URL: /admin',
      'X-Hop: 1',
    ];
    const head = accepted(
      `GET / HTTP/1.1\r\n${host}A: 1\r\n${gone.join('\r\n')}\r\nB: 2\r\nConnection: keep-alive, X-Hop, Upgrade\r\n\r\n`,
    );
    expect(head.fields).toBe(`${host}A: 1\r\nB: 2\r\n`);
    expect(head.upgrade).toBe(false);
  });

  test('continues a valid trace and forgets any other', () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const valid = `traceparent: 00-${trace}-b7ad6b7169203331-01\r\n`;
    expect(accepted(`GET / HTTP/1.1\r\n${host}${valid}tracestate: a=b\r\n\r\n`)).toMatchObject({
      trace,
      traceFlags: '01',
      tracestate: 'a=b',
    });
    for (const wrong of [
      `traceparent: 00-${'0'.repeat(32)}-b7ad6b7169203331-01\r\n`,
      `traceparent: 00-${trace}-${'0'.repeat(16)}-01\r\n`,
      `traceparent: 00-${trace.toUpperCase()}-b7ad6b7169203331-01\r\n`,
      `traceparent: ff-${trace}-b7ad6b7169203331-01\r\n`,
      `traceparent: 00-${trace}-b7ad6b7169203331-01-x\r\n`,
      valid + valid,
    ]) {
      expect(accepted(`GET / HTTP/1.1\r\n${host}${wrong}tracestate: a=b\r\n\r\n`)).toMatchObject({
        trace: '',
        tracestate: '',
      });
    }
  });

  test('keeps a request id only if it is a plain word', () => {
    expect(accepted(`GET / HTTP/1.1\r\n${host}X-Request-Id: a-1\r\n\r\n`).requestId).toBe('a-1');
    expect(accepted(`GET / HTTP/1.1\r\n${host}X-Request-Id: a b\u00e9\r\n\r\n`).requestId).toBe('');
  });

  test('of HTTP/1.0 needs no Host and ends the connection', () => {
    expect(accepted('GET / HTTP/1.0\r\n\r\n')).toMatchObject({ minor: 0, host: '', keepAlive: false });
  });

  test('takes the short way only with paths that are canonical already', () => {
    const piece = fc.constantFrom('/', '.', '..', 'a', 'Z9', '~', '-', '%41', '%2f', ';', '?', '//', '\\', 'é', '');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/${pieces.join('')}`;
        if (isPlainPath(target)) expect(canonicalPath(target)).toEqual({ kind: 'ok', path: target, query: '' });
      }),
      { numRuns: 2_000 },
    );
  });

  test('is found at the same place however the bytes were cut', () => {
    const piece = fc.constantFrom(
      '\r\n',
      '\r',
      '\n',
      '\r\n\r\n',
      'GET / HTTP/1.1',
      'Host: a',
      'x',
      '\t',
      '\u0000',
      'a'.repeat(40),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(400), { maxLength: 8 }), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1');
        const whole = scanHead(bytes, 0, 0, bytes.length);
        let from = 0;
        let result = incomplete;
        for (const cut of [...cuts.filter((at) => at <= bytes.length).sort((a, b) => a - b), bytes.length]) {
          result = scanHead(bytes, 0, from, cut);
          if (result !== incomplete) break;
          from = resumeAt(bytes, 0, cut);
        }
        expect(result).toBe(whole);
      }),
    );
  });

  test('never throws, and what is accepted reads the same when it is written again', () => {
    const line = fc.string({ unit: 'binary-ascii', maxLength: 40 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom('GET /a', 'POST /', 'X /b?c'), (lines, start) => {
        const head = read(`${start} HTTP/1.1\r\nHost: h\r\n${lines.map((text) => `${text}\r\n`).join('')}\r\n`);
        if (typeof head === 'string') return;
        expect(accepted(`${head.method} ${head.path} HTTP/1.1\r\n${head.fields}\r\n`).fields).toBe(head.fields);
      }),
    );
  });
});
