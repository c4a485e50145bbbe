import { expect, test } from 'vitest';
import { cost, createPasswords } from './passwords.js';

const cheap = { N: 2 ** 10, r: 8, p: 1 };

test('a password fits its own hash alone, however its letters are composed', async () => {
  const passwords = createPasswords({ now: cheap });
  const hash = await passwords.hash('gru\u0308n ist die Hoffnung');
  expect(hash).toMatch(/^scrypt\$1024\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
  expect(await passwords.hash('gru\u0308n ist die Hoffnung')).not.toBe(hash);
  expect(await passwords.verify('gr\u00fcn ist die Hoffnung', hash)).toBe(true);
  expect(await passwords.verify('gr\u00fcn ist die Hoffnung ', hash)).toBe(false);
  expect(await passwords.verify('', hash)).toBe(false);
  expect(await passwords.verify('whatever', undefined)).toBe(false);
});

test('parameters stand in the hash, so that they can be raised while old ones still open', async () => {
  const old = await createPasswords({ now: cheap }).hash('correct horse');
  expect(await createPasswords({ now: { ...cheap, N: 2 ** 11 } }).verify('correct horse', old)).toBe(true);
  expect(cost.N * cost.p).toBeGreaterThanOrEqual(2 ** 17); // OWASP's minimum with r = 8
});

test('what is no hash of ours fits nothing, and does not make us work for it', async () => {
  const passwords = createPasswords({ now: cheap });
  for (const hash of ['', '$', 'scrypt$1024$8$1$$', 'scrypt$1073741824$8$1$c2FsdA$a2V5', 'scrypt$x$8$1$a$b', 'plain'])
    expect(await passwords.verify('plain', hash)).toBe(false);
});

test('of many at once a few are worked on, some wait and the rest are sent away', async () => {
  const passwords = createPasswords({ now: cheap, atOnce: 2, waiting: 3 });
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => passwords.verify('x', undefined)));
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  for (const one of asked) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'rate-limited' });
  expect(await passwords.verify('x', undefined)).toBe(false);
});
