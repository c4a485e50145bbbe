import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineCounter, parseDocument } from 'yaml';
import { hasDuplicateKeys, offsetOf } from './json-text.js';
import { readDocument } from './read-document.js';

const key = fc.constantFrom('a', 'b', 'a"b', '\\', '', 'é', '__proto__', 'ab\n');
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, 1, -2.5, 1e21, '', '{"a":[', '\\"', ',', '}'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }),
  ),
}));
const written = fc.tuple(fc.dictionary(key, value), fc.constantFrom(0, 2, '\t'));

test('what a program wrote has no key twice, and every value stands where it is said to', () => {
  fc.assert(
    fc.property(written, ([object, indent]) => {
      const text = JSON.stringify(object, undefined, indent);
      expect(hasDuplicateKeys(text)).toBe(false);
      const look = (at: unknown, path: readonly PropertyKey[]): void => {
        const offset = offsetOf(text, path);
        expect(text.slice(offset).startsWith(JSON.stringify(at).slice(0, 1))).toBe(true);
        if (typeof at === 'object' && at !== null)
          for (const [name, member] of Object.entries(at))
            look(member, [...path, Array.isArray(at) ? Number(name) : name]);
      };
      look(object, []);
    }),
  );
});

test.each([
  ['{"a":1,"a":2}', true],
  ['{"a":1,"\\u0061":2}', true],
  ['{"a":{"a":1},"b":[{"a":1},{"a":1}]}', false],
  ['{"a":"\\"","b":"a"}', false],
  ['{"x":[1,{"k":1,"k":1}]}', true],
  ['{"a":"{\\"b\\":1,\\"b\\":2}"}', false],
  ['{"a\\\\":1,"a\\\\\\\\":1}', false],
])('%s has a key twice: %s', (text, twice) => {
  expect(hasDuplicateKeys(text)).toBe(twice);
});

test('JSON gives the value, and the places, that reading it as YAML gives', () => {
  const text = '{\n  "kind": "Contract",\n  "api": {"serves": [\n    {"id": "a", "path": "/x"}\n  ]}\n}\n';
  const { value: read, position } = readDocument(text, 'x');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  expect(read).toEqual(document.toJS());
  expect(position(['api', 'serves', 0, 'path'])).toBe('line 4, column 25');
  expect(position(['api', 'serves', 0, 'nothing'])).toBe('line 4, column 5');
  expect(position(['api', 'calls'])).toBe('line 3, column 10');
  expect(position([])).toBe(undefined);
});

test('JSON that is not taken is refused with the place, as YAML is', () => {
  expect(() => readDocument('{"a": 1,\n "a": 2}', 'x')).toThrow(/unique.*line 2|line 2/);
  expect(() => readDocument('{"a": 1,\n "b": }', 'x')).not.toThrow();
  expect(() => readDocument(`{"a": ${'['.repeat(40)}${']'.repeat(40)}}`, 'x')).toThrow('nested deeper');
  expect(() => readDocument('{"a": &x 1, "b": *x}', 'x')).toThrow(/alias|anchor/);
});
