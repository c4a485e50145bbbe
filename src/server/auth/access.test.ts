import { expect, test } from 'vitest';
import { type Actor, authorise } from './access.js';
import { ofRole } from './roles.js';

const session = (role: string): Pick<Actor, 'kind' | 'permissions' | 'within' | 'csrf'> => ({
  kind: 'session',
  permissions: ofRole(role),
  within: [],
  csrf: 'token',
});
const codeOf = (work: () => void): unknown => {
  try {
    work();
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code; // ServerError
  }
};

test('a session proves with each change that the page is ours; reading needs no proof', () => {
  const ana = session('operator');
  const post = (csrf: string | undefined) => ({ method: 'POST', csrf, limited: false });
  expect(codeOf(() => authorise(ana, 'status.read', { method: 'GET', csrf: undefined, limited: false }))).toBe('ok');
  expect(codeOf(() => authorise(ana, 'respond.apply', post(undefined)))).toBe('csrf');
  expect(codeOf(() => authorise(ana, 'respond.apply', post('tokem')))).toBe('csrf');
  expect(codeOf(() => authorise(ana, 'respond.apply', post('token')))).toBe('ok');
  expect(codeOf(() => authorise(session('viewer'), 'respond.apply', post('token')))).toBe('forbidden');
  expect(codeOf(() => authorise({ ...ana, kind: 'token', csrf: null }, 'respond.apply', post(undefined)))).toBe('ok');
});
