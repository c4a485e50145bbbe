import { expect, test } from 'vitest';
import { csrfToken, isCsrfToken } from './session-proof.js';

test('a CSRF token fits its own session only', () => {
  expect(isCsrfToken('cookie-a', csrfToken('cookie-a'))).toBe(true);
  for (const wrong of [csrfToken('cookie-b'), '', 'cookie-a', `${csrfToken('cookie-a')}x`])
    expect(isCsrfToken('cookie-a', wrong)).toBe(false);
});
