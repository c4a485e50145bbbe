import { expect, test } from 'vitest';
import { type Filterable, matches, parseFilter, toggleTerm } from './filter.ts';

const item: Filterable = {
  fields: {
    severity: ['high'],
    state: ['open'],
    service: ['catalog', 'payments'],
    layer: ['runtime', 'api'],
    tactic: ['TA0002', 'Execution'],
    id: ['INC-7'],
  },
  score: 82,
  text: 'INC-7 catalog started a shell',
};
const holds = (text: string) => matches(parseFilter(text), item);

test('an empty filter lets everything through', () => {
  expect(holds('')).toBe(true);
  expect(holds('   ')).toBe(true);
});

test('all terms must hold, and a comma means any of these', () => {
  expect(holds('severity:high service:catalog')).toBe(true);
  expect(holds('severity:high service:orders')).toBe(false);
  expect(holds('severity:critical,high')).toBe(true);
  expect(holds('severity:critical,low')).toBe(false);
});

test('keys and values are found whatever their case', () => {
  expect(holds('Severity:HIGH id:inc-7 tactic:ta0002 tactic:execution')).toBe(true);
});

test('a leading minus turns a term round', () => {
  expect(holds('-state:closed')).toBe(true);
  expect(holds('-service:payments')).toBe(false);
  expect(holds('-shell')).toBe(false);
});

test('words must occur in the text, and quotes keep spaces and colons together', () => {
  expect(holds('SHELL')).toBe(true);
  expect(holds('"a shell"')).toBe(true);
  expect(holds('"shell a"')).toBe(false);
  expect(holds('"severity:low"')).toBe(false);
});

test('scores compare by number', () => {
  for (const text of ['score:>80', 'score:>=82', 'score:<=82', 'score:82', 'score:=82', 'score:<82.5'])
    expect(holds(text), text).toBe(true);
  for (const text of ['score:>82', 'score:<82', 'score:81', '-score:>80']) expect(holds(text), text).toBe(false);
});

test('a field that does not exist matches nothing and says which one was meant', () => {
  const filter = parseFilter('servce:catalog');
  expect(filter.problems).toEqual(['there is no field `servce`; did you mean `service:`?']);
  expect(matches(filter, item)).toBe(false);
  expect(parseFilter('zzz:1').problems[0]).toContain('fields are severity, state');
});

test('what is cut short or senseless is a problem, never a filter that lets all through', () => {
  for (const text of ['severity:', 'severity:,', 'score:>', 'score:many', '"open', 'x'.repeat(401)]) {
    expect(parseFilter(text).problems, text).toHaveLength(1);
    expect(holds(text), text).toBe(false);
  }
});

test('regular expression signs are plain characters', () => {
  expect(holds('.*')).toBe(false);
  expect(holds('(((((')).toBe(false);
});

test('a term is put in and taken out again', () => {
  expect(toggleTerm('', 'severity', 'high')).toBe('severity:high');
  expect(toggleTerm('shell "a b"', 'state', 'open')).toBe('shell "a b" state:open');
  expect(toggleTerm('state:open shell', 'state', 'open')).toBe('shell');
});
