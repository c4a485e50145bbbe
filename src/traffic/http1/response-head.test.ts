import { describe, expect, test } from 'vitest';
import { endToEnd, parseResponseHead } from './response-head.js';

function accepted(head: string, bodiless = false) {
  const parsed = parseResponseHead(head, bodiless);
  if (parsed.kind === 'refused') throw new Error(parsed.code);
  return { ...parsed, rest: endToEnd(head, parsed) };
}

describe('a response head', () => {
  test('goes on untouched when nothing in it is meant for this hop', () => {
    const head = 'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n';
    expect(accepted(head)).toMatchObject({ status: 200, length: 5, keepAlive: true, untouched: true });
  });

  test('loses what is meant for this hop', () => {
    const head =
      'HTTP/1.1 404 Not Found\r\nA: 1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n' +
      'Transfer-Encoding: chunked\r\nB: 2\r\n\r\n';
    expect(accepted(head)).toMatchObject({
      untouched: false,
      keepAlive: false,
      length: -1,
      rest: ' Not Found\r\nA: 1\r\nB: 2\r\nTransfer-Encoding: chunked\r\n',
    });
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', true, 0],
    ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', false, 0],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', false, 0],
    ['no framing', 'HTTP/1.1 200 OK\r\n\r\n', false, -2],
    ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n', false, 1],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n', false, 1],
  ])('with %s frames its body as RFC 9112 says', (_name, head, bodiless, length) => {
    expect(accepted(head, bodiless).length).toBe(length);
  });

  test('keeps an old server that asks for it', () => {
    expect(accepted('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n').keepAlive).toBe(true);
    expect(accepted('HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n').keepAlive).toBe(false);
  });

  test.each([
    ['HTTP/1.1 20 OK\r\n\r\n', 'start-line'],
    ['HTTP/1.1 2000 OK\r\n\r\n', 'start-line'],
    ['HTTP/1.1 600 OK\r\n\r\n', 'start-line'],
    ['HTTP/1.1  200 OK\r\n\r\n', 'start-line'],
    ['HTTP/2 200 OK\r\n\r\n', 'start-line'],
    ['HTTP/1.2 200 OK\r\n\r\n', 'version'],
    ['HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'transfer-encoding-http10'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', 'transfer-encoding'],
    ['HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'length-malformed'],
    ['HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\n', 'field-name'],
    ['HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 1\r\n\r\n', 'connection-option'],
    [`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(101)}\r\n`, 'too-many-fields'],
  ])('is refused: %j', (head, code) => {
    expect(parseResponseHead(head, false)).toEqual({ kind: 'refused', code });
  });
});
