import { describe, expect, it } from 'vitest';
import { type Filterable, matches, parseFilter, toggleTerm } from './filter.ts';

const takeover: Filterable = {
  fields: {
    severity: ['critical'],
    state: ['contained'],
    service: ['catalog'],
    layer: ['runtime', 'api'],
    id: ['INC-42'],
  },
  score: 92,
  text: 'INC-42 catalog was taken over through POST /products/import',
};
const holds = (text: string) => matches(parseFilter(text), takeover);

describe('the filter grammar', () => {
  it('lets everything through when it is empty', () => {
    expect(holds('')).toBe(true);
    expect(holds('   ')).toBe(true);
  });

  it('wants every term to hold', () => {
    expect(holds('severity:critical service:catalog')).toBe(true);
    expect(holds('severity:critical service:orders')).toBe(false);
  });

  it('takes any of the values between commas', () => {
    expect(holds('severity:high,critical')).toBe(true);
    expect(holds('layer:network')).toBe(false);
  });

  it('turns a term round with a leading minus', () => {
    expect(holds('-state:closed')).toBe(true);
    expect(holds('-service:catalog')).toBe(false);
  });

  it('compares the score', () => {
    expect(holds('score:>80')).toBe(true);
    expect(holds('score:<=80')).toBe(false);
    expect(holds('score:92')).toBe(true);
  });

  it('looks for words and quoted phrases in the text, whatever their case', () => {
    expect(holds('TAKEN')).toBe(true);
    expect(holds('"taken over through"')).toBe(true);
    expect(holds('"over taken"')).toBe(false);
  });

  it('says which field was probably meant, and then matches nothing', () => {
    const filter = parseFilter('sevrity:high');
    expect(filter.problems).toEqual(['there is no field `sevrity`; did you mean `severity:`?']);
    expect(matches(filter, takeover)).toBe(false);
  });

  it.each(['score:many', 'service:', '"open', 'nosuchfield:1', 'x'.repeat(401)])(
    'refuses `%s` with a reason',
    (text) => {
      expect(parseFilter(text).problems).toHaveLength(1);
    },
  );

  it('never throws, whatever is typed', () => {
    for (const text of ['-', ':', '::', '"', '-"', '""', 'a:b:c', '\u0000', '\ud800', 'score:>', ',,,', '-:x'])
      expect(() => parseFilter(text)).not.toThrow();
  });

  it('puts a term in, and takes it out again', () => {
    const once = toggleTerm('shell', 'state', 'open');
    expect(once).toBe('shell state:open');
    expect(toggleTerm(once, 'state', 'open')).toBe('shell');
  });
});
