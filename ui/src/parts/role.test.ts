import { expect, it } from 'vitest';
import { labelsOf, parseLabels } from './role.tsx';

it('reads labels as people type them', () => {
  expect(parseLabels('team=shop, environment=test  tier=web')).toEqual({
    team: 'shop',
    environment: 'test',
    tier: 'web',
  });
  expect(parseLabels('  ')).toEqual({});
  for (const wrong of ['team', 'team=', '=shop', 'team=a team=b']) expect(parseLabels(wrong)).toBeUndefined();
  expect(labelsOf({ team: 'shop', environment: 'te\u202est' })).toBe('environment=te\\u{202e}st, team=shop');
});
