import { describe, expect, it } from 'vitest';
import { Labels, labelText, matches, sameLabels } from './labels.js';

describe('labels', () => {
  it.each([
    [{ team: 'shop' }],
    [{ 'app.kubernetes.io/part-of': 'shop', environment: 'production' }],
    [{ a: 'A', 'x_y.z-1': '1.2_3-4' }],
    [{}],
  ])('takes %j', (labels) => {
    expect(Labels.parse(labels)).toEqual(labels);
  });

  it.each([
    [{ '': 'x' }],
    [{ team: '' }],
    [{ '-team': 'x' }],
    [{ team: 'a b' }],
    [{ team: 'x'.repeat(64) }],
    [{ 'UPPER.example/team': 'x' }],
    [{ 'a/b/c': 'x' }],
    [{ team: '\u202e' }],
    [Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, 'v']))],
    [{ team: 1 }],
  ])('refuses %j', (labels) => {
    expect(Labels.safeParse(labels).success).toBe(false);
  });

  it('match when all that is asked for is there, and never by what every object has', () => {
    expect(matches({}, {})).toBe(true);
    expect(matches({ team: 'shop' }, { team: 'shop', environment: 'test' })).toBe(true);
    expect(matches({ team: 'shop', environment: 'production' }, { team: 'shop', environment: 'test' })).toBe(false);
    expect(matches({ team: 'shop' }, {})).toBe(false);
    expect(matches({ constructor: 'x' }, {})).toBe(false);
  });

  it('are the same in any order', () => {
    expect(sameLabels({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
    expect(sameLabels({ a: '1' }, { a: '1', b: '2' })).toBe(false);
    expect(sameLabels({ a: '1', b: '2' }, { a: '1' })).toBe(false);
    expect(labelText({ b: '2', a: '1' })).toBe('a=1, b=2');
  });
});
