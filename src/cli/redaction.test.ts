import { expect, test } from 'vitest';
import { redactText, withoutPasswords } from './redaction.js';

const secret = 'hunter2-Zq';

test.each([
  `postgresql://admin:${secret}@db:5432/x`,
  `password=${secret}`,
  `"dbPassword": "${secret} with \\" blanks"`,
  `{"api_token":"${secret}"}`,
  `API_KEY=${secret}`,
  `Authorization: Bearer ${secret}`,
  `cookie: __Host-tricordon=${secret}; other=${secret}`,
  `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
  `-----BEGIN EC PRIVATE KEY-----\n${secret}`,
  `login at https://h/#code/${secret}ABCDEFGHIJKLMNOPQRSTUVWXYZ012345`,
  `eyJhbGciOiJIUzI1.${secret}abcdefgh.sig`,
])('takes the secret out of %j', (text) => {
  const left = redactText(text);
  expect(left).toContain('[redacted]');
  expect(left).not.toContain(secret);
});

test('leaves what helps: messages, digests, paths, addresses', () => {
  const text = `control-plane cannot start: /var/lib/tricordon/log at 127.0.0.1:8443 sha256:${'0a'.repeat(32)}`;
  expect(redactText(text)).toBe(text);
});

test('a value is searched to its depth, for passwords in URLs only', () => {
  expect(withoutPasswords({ a: [{ url: 'postgresql://u:p@h/d' }], b: 'password=x', c: null })).toEqual({
    a: [{ url: 'postgresql://u:[redacted]@h/d' }],
    b: 'password=x',
    c: null,
  });
});
