import { expect, it } from 'vitest';
import { parseLabels } from './labels.js';

it('reads labels; the first `=` ends the name', () => {
  expect(parseLabels(['team=shop', 'app.example/tier=web'], '--label')).toEqual({
    team: 'shop',
    'app.example/tier': 'web',
  });
  expect(parseLabels([], '--label')).toEqual({});
});

it.each([['team'], ['team='], ['=shop'], ['team=a=b'], ['te am=x'], ['team=\u001b[2J'], ['team=shop', 'team=bank']])(
  'refuses %j',
  (...written) => {
    expect(() => parseLabels(written, '--label')).toThrow(expect.objectContaining({ code: 'usage' }));
  },
);

it('refuses more labels than a service may have', () => {
  const many = Array.from({ length: 33 }, (_, index) => `k${index}=v`);
  expect(() => parseLabels(many, '--label')).toThrow(expect.objectContaining({ code: 'usage' }));
});
