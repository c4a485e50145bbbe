import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkedReader } from './chunked.js';

function read(text: string, cuts: readonly number[] = []) {
  const bytes = Buffer.from(text, 'latin1');
  const reader = new ChunkedReader();
  let from = 0;
  let consumed = 0;
  for (const cut of [...cuts.filter((at) => at <= bytes.length).sort((a, b) => a - b), bytes.length]) {
    if (reader.done || reader.refusal !== undefined) break;
    consumed = reader.read(bytes, from, cut);
    from = cut;
  }
  return { done: reader.done, refusal: reader.refusal, consumed };
}

describe('a chunked body', () => {
  test('ends after its trailers, and what follows is not part of it', () => {
    expect(read('5\r\nhello\r\n0\r\n\r\nGET')).toEqual({ done: true, refusal: undefined, consumed: 15 });
    expect(read('A;x=y\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n')).toMatchObject({ done: true });
  });

  test.each([
    ['no size', '\r\nhello', 'chunk-size'],
    ['a size with a sign', '+5\r\nhello\r\n', 'chunk-size'],
    ['a size with a prefix', '0x5\r\nhello\r\n', 'chunk-size'],
    ['a size with a space', '5 \r\nhello\r\n', 'chunk-size'],
    ['a size beyond exact integers', 'fffffffffffffffff\r\n', 'chunk-size'],
    ['thirteen leading zeros', '0000000000000\r\n', 'chunk-size'],
    ['a bare LF after the size', '5\nhello\r\n', 'chunk-size'],
    ['a bare LF in an extension', '5;a\nhello', 'chunk-extension'],
    ['a bare CR in an extension', '5;a\rb', 'chunk-end'],
    ['an endless extension', `5;${'a'.repeat(300)}`, 'chunk-extension'],
    ['data longer than its size', '5\r\nhello!\r\n', 'chunk-end'],
    ['data that ends in LF', '5\r\nhello\n', 'chunk-end'],
    ['a trailer that frames', '0\r\nContent-Length: 5\r\n\r\n', 'trailer'],
    ['a trailer that identifies', '0\r\nX-Tricordon-Caller: a\r\n\r\n', 'trailer'],
    ['a trailer without a colon', '0\r\nnonsense\r\n\r\n', 'trailer'],
    ['a folded trailer', '0\r\nA: b\r\n c\r\n\r\n', 'trailer'],
    ['endless trailers', `0\r\n${'a: b\r\n'.repeat(2_000)}`, 'trailer'],
  ])('is refused with %s', (_name, text, code) => {
    expect(read(text)).toMatchObject({ done: false, refusal: code });
  });

  test('is judged the same however the bytes were cut', () => {
    const piece = fc.constantFrom(
      '5\r\nhello\r\n',
      '0\r\n',
      '\r\n',
      '1;a=b\r\nx\r\n',
      'A: b\r\n',
      '\n',
      '3',
      ';',
      'zz',
      '\r',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(120), { maxLength: 8 }), (pieces, cuts) => {
        const text = pieces.join('');
        const { consumed: _a, ...cut } = read(text, cuts);
        const { consumed: _b, ...whole } = read(text);
        expect(cut).toEqual(whole);
      }),
    );
  });
});
