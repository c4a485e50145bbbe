import { expect, test } from 'vitest';
import { type Actor, authorise, includes, type ScopeName } from './access.js';

const session = (scopes: ScopeName[]): Actor => ({
  account: 'ana',
  kind: 'session',
  id: '1',
  scopes,
  csrf: 'token',
  expiresAt: null,
});
const codeOf = (work: () => void): unknown => {
  try {
    work();
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code; // ServerError
  }
};

test('scopes are a ladder', () => {
  expect(includes(['approve'], 'read')).toBe(true);
  expect(includes(['read', 'operate'], 'approve')).toBe(false);
  expect(includes([], 'read')).toBe(false);
});

test('a session proves with each change that the page is ours; reading needs no proof', () => {
  const admin = session(['admin']);
  expect(codeOf(() => authorise(admin, 'read', { method: 'GET', csrf: undefined }))).toBe('ok');
  expect(codeOf(() => authorise(admin, 'operate', { method: 'POST', csrf: undefined }))).toBe('csrf');
  expect(codeOf(() => authorise(admin, 'operate', { method: 'POST', csrf: 'tokem' }))).toBe('csrf');
  expect(codeOf(() => authorise(admin, 'operate', { method: 'POST', csrf: 'token' }))).toBe('ok');
  expect(codeOf(() => authorise(session(['read']), 'operate', { method: 'POST', csrf: 'token' }))).toBe('forbidden');
  expect(
    codeOf(() => authorise({ ...admin, kind: 'token', csrf: null }, 'operate', { method: 'POST', csrf: undefined })),
  ).toBe('ok');
});
