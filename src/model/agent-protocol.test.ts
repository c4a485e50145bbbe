import { expect, test } from 'vitest';
import { agentProtocol, commonProtocol, protocolSpan } from './agent-protocol.js';

test('a header is one number or a span of them, and its absence is the first version', () => {
  expect(protocolSpan(undefined)).toEqual({ oldest: 1, newest: 1 });
  expect(protocolSpan('3')).toEqual({ oldest: 3, newest: 3 });
  expect(protocolSpan('1-2')).toEqual({ oldest: 1, newest: 2 });
  for (const value of ['', '0', '-1', '2-1', '1-', '1-2-3', ' 1', '1e3', '99999', '１', 'one'])
    expect([value, protocolSpan(value)]).toEqual([value, undefined]);
});

test('two speak the newest that both know, or nothing', () => {
  const span = (oldest: number, newest: number) => ({ oldest, newest });
  expect(commonProtocol(span(1, 2), span(1, 1))).toBe(1);
  expect(commonProtocol(span(1, 2), span(2, 3))).toBe(2);
  expect(commonProtocol(span(3, 4), span(1, 2))).toBeUndefined();
  expect(commonProtocol(span(1, 1), span(3, 4))).toBeUndefined();
});

test('the version before is spoken too, and none older', () => {
  expect(agentProtocol.newest - agentProtocol.oldest).toBe(1);
});
