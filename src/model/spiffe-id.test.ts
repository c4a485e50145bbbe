import { expect, test } from 'vitest';
import { agentId, formatSpiffeId, parseSpiffeId, serviceId, serviceOf } from './spiffe-id.js';

test('an identity that was written is read again', () => {
  for (const text of [serviceId('tricordon.local', 'orders'), agentId('a-b_c.d', 'web1.example'), 'spiffe://td']) {
    const parsed = parseSpiffeId(text);
    expect(parsed === undefined ? undefined : formatSpiffeId(parsed)).toBe(text);
  }
});

test('what the standard refuses is no identity', () => {
  for (const text of [
    '',
    'spiffe://',
    'spiffe:///service/a',
    'SPIFFE://td/a',
    'https://td/a',
    'spiffe://TD/a',
    'spiffe://td:8080/a',
    'spiffe://user@td/a',
    'spiffe://td/',
    'spiffe://td/a/',
    'spiffe://td//a',
    'spiffe://td/.',
    'spiffe://td/../a',
    'spiffe://td/a%2fb',
    'spiffe://td/a?b',
    'spiffe://td/a#b',
    'spiffe://td/a b',
    'spiffe://td/a\n',
    'spiffe://td/\u00e9',
    `spiffe://${'t'.repeat(256)}/a`,
    `spiffe://td/${'a'.repeat(2_048)}`,
  ])
    expect([text, parseSpiffeId(text)]).toEqual([text, undefined]);
});

test('only the identity of a service names one', () => {
  expect(serviceOf('spiffe://td/service/orders')).toBe('orders');
  for (const text of [
    'spiffe://td/agent/orders',
    'spiffe://td/service',
    'spiffe://td/service/a/b',
    'orders',
    undefined,
  ])
    expect(serviceOf(text)).toBeUndefined();
});
