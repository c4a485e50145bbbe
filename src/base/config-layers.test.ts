import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layered, settable, variableOf } from './config-layers.js';

const keys = [
  { key: 'host', type: 'string' },
  { key: 'console', type: 'object' },
  { key: 'console.listen', type: 'string' },
  { key: 'agent', type: 'object' },
  { key: 'agent.metrics', type: 'object' },
  { key: 'agent.metrics.listen', type: 'string' },
  { key: 'spool.maxDays', type: 'number' },
  { key: 'approval.fourEyes', type: 'boolean' },
  { key: 'sensor.collectors', type: 'list of proc | strace' },
  { key: 'services', type: 'list of object' },
  { key: 'services[].name', type: 'string' },
];
const able = settable(keys);

function anyOf(type: string): fc.Arbitrary<unknown> {
  if (type === 'number') return fc.integer({ min: -1_000, max: 1_000 });
  if (type === 'boolean') return fc.boolean();
  if (type.startsWith('list')) return fc.array(fc.constantFrom('proc', 'strace'), { maxLength: 3 });
  // Text that YAML would take for something else is text nevertheless.
  return fc.oneof(fc.constantFrom('1', 'true', 'null', '[a', '~', 'a: b'), fc.string({ minLength: 1 }));
}

const sources = ['flag', 'variable', 'file'] as const;
const cases = fc.tuple(
  ...able.map(({ key, type }) =>
    fc
      .record({ flag: fc.option(anyOf(type)), variable: fc.option(anyOf(type)), file: fc.option(anyOf(type)) })
      .map((given) => ({ key, given })),
  ),
);

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
const at = (value: unknown, key: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: a tree made here is walked by its own keys
  key.split('.').reduce<any>((found, part) => found?.[part], value);

function fileOf(all: readonly { key: string; given: { file: unknown } }[]): Record<string, unknown> {
  const content: Record<string, unknown> = {};
  for (const { key, given } of all) {
    if (given.file === null) continue;
    const parts = key.split('.');
    let inner: Record<string, unknown> = content;
    for (const part of parts.slice(0, -1)) {
      inner[part] ??= {};
      inner = inner[part] as Record<string, unknown>; // made by the line above
    }
    inner[parts.at(-1) ?? ''] = given.file;
  }
  return content;
}

test('for every key, and however many of them are given where: flag before variable before file before default', () => {
  fc.assert(
    fc.property(cases, (all) => {
      const content = fileOf(all);
      const before = JSON.stringify(content);
      const { value, origins, unknown } = layered(keys, {
        file: { path: 'x.yaml', content },
        variables: all.flatMap(({ key, given }) =>
          given.variable === null
            ? []
            : [[variableOf(key).slice('TRICORDON_'.length), asText(given.variable)] as const],
        ),
        flags: all.flatMap(({ key, given }) =>
          given.flag === null ? [] : [{ key, where: `--set ${key}`, text: asText(given.flag) }],
        ),
      });
      expect(unknown).toEqual([]);
      expect(JSON.stringify(content)).toBe(before);
      for (const { key, given } of all) {
        const present = sources.filter((source) => given[source] !== null);
        const [first] = present;
        expect(at(value, key)).toEqual(first === undefined ? undefined : given[first]);
        expect((origins.get(key) ?? []).map(({ source }) => source)).toEqual(present);
        expect((origins.get(key) ?? []).map((origin) => origin.value)).toEqual(present.map((source) => given[source]));
      }
    }),
  );
});

test('sections and lists of sections have no variable, and one for them is unknown', () => {
  expect(able.map(({ key }) => key)).not.toContain('services');
  const { unknown, value } = layered(keys, {
    file: undefined,
    variables: [
      ['CONSOLE', 'x'],
      ['SERVICES', '[]'],
      ['CONSOLE__LISTENS', 'x'],
      ['HOST', ''],
    ],
    flags: [],
  });
  expect(unknown).toEqual(['TRICORDON_CONSOLE', 'TRICORDON_SERVICES', 'TRICORDON_CONSOLE__LISTENS']);
  expect(value).toEqual({});
});

test('a file that is no settings file at all stays what it is, for the schema to refuse', () => {
  for (const content of ['text', 7, ['a'], { console: 'text' }, { console: ['a'] }]) {
    const flags = [{ key: 'console.listen', where: '--set', text: 'x' }];
    expect(layered(keys, { file: { path: 'x', content }, variables: [], flags }).value).toEqual(content);
  }
});

test('half of a list is no list', () => {
  const flags = [{ key: 'sensor.collectors', where: '--set', text: '[proc' }];
  expect(at(layered(keys, { file: undefined, variables: [], flags }).value, 'sensor.collectors')).toBe('[proc');
});

test('the name of a variable is one for one with its key', () => {
  expect(variableOf('dataDir')).toBe('TRICORDON_DATA_DIR');
  expect(variableOf('agent.metrics.listen')).toBe('TRICORDON_AGENT__METRICS__LISTEN');
  const names = able.map(({ key }) => variableOf(key));
  expect(new Set(names).size).toBe(able.length);
});
