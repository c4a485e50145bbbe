import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { manualClock, silent } from '../../base/index.js';
import { StoreError } from '../../store/index.js';
import { ServerError, type ServerErrorCode, statusOf } from '../errors.js';
import { readCookie, sessionCookie, writeCookie } from './cookies.js';
import { invalidInput, problemOf } from './problem.js';
import { rateLimit } from './rate-limit.js';
import { loadStaticFiles } from './static-files.js';

test('every code becomes the problem of its status, with its hint', () => {
  for (const [code, status] of Object.entries(statusOf)) {
    const error = new ServerError(code as ServerErrorCode, 'a sentence', { hint: 'do this' }); // keys of the table itself
    expect(problemOf(error, silent)).toMatchObject({ code, status, detail: 'a sentence', hint: 'do this' });
  }
});

test('what is not ours to say is told as internal and no more', () => {
  const problem = problemOf(new Error('password=hunter2 at /srv/secret'), silent);
  expect(problem).toMatchObject({ status: 500, code: 'internal' });
  expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret/);
});

test('a store that is away is 503, a refusal wrapped by a transaction is itself', () => {
  expect(problemOf(new StoreError('unreachable', 'x'), silent).status).toBe(503);
  const wrapped = new StoreError('query-failed', 'x', { cause: new ServerError('foreign-host', 'not yours') });
  expect(problemOf(wrapped, silent)).toMatchObject({ status: 403, code: 'foreign-host' });
  expect(problemOf(Object.assign(new Error('gone'), { code: 'ENOENT' }), silent).status).toBe(500);
});

test('a database without space is 503, and says what is missing', () => {
  expect(problemOf(new StoreError('disk-full', 'x'), silent)).toMatchObject({
    status: 503,
    detail: 'no space left for the database',
    hint: 'free some space: it comes back by itself',
  });
  expect(problemOf(new StoreError('unreachable', 'x'), silent, () => true).detail).toMatch(/no space left/);
  expect(problemOf(new Error('a fault'), silent, () => true).status).toBe(500);
});

test('unsuitable input is said with its place, escaped and bounded', () => {
  const parsed = z.strictObject({ a: z.int() }).safeParse({ a: 'x', ['\u001b[31m']: 1 });
  const error = parsed.error === undefined ? undefined : invalidInput(parsed.error);
  expect(error?.issues.map(({ path }) => path)).toContain('a');
  expect(JSON.stringify(error?.issues)).not.toContain('\u001b');
});

test('a cookie that stands twice, or is oversized or odd, is none', () => {
  expect(readCookie(`a=1; ${sessionCookie}=good`, sessionCookie)).toBe('good');
  for (const header of [
    `${sessionCookie}=a; ${sessionCookie}=b`,
    `${sessionCookie}="a"`,
    `x${sessionCookie}=a`,
    '',
    'a'.repeat(9_000),
  ])
    expect(readCookie(header, sessionCookie)).toBeUndefined();
  expect(writeCookie(sessionCookie, 'v', 60)).toBe(
    `${sessionCookie}=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Strict`,
  );
});

test('a bucket empties, fills with time, and forgets the longest idle', () => {
  const clock = manualClock();
  const limit = rateLimit({ clock, burst: 2, perMinute: 60, maxKeys: 2 });
  expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([true, true, false]);
  clock.advance(1_000);
  expect([limit.take('a'), limit.take('a')]).toEqual([true, false]);
  limit.take('b');
  limit.take('c');
  expect(limit.take('a')).toBe(true);
});

test('only plain files of known types become part of the console', () => {
  const root = mkdtempSync(join(tmpdir(), 'tc-site-'));
  mkdirSync(join(root, 'assets'));
  writeFileSync(join(root, 'index.html'), '<p>');
  writeFileSync(join(root, 'assets', 'a-Zz12345_.js'), 'x'.repeat(4_000));
  writeFileSync(join(root, '.env'), 'SECRET=1');
  symlinkSync('/etc/passwd', join(root, 'assets', 'p.txt'));
  const files = loadStaticFiles(root);
  expect([...files.keys()].sort()).toEqual(['/assets/a-Zz12345_.js', '/index.html']);
  expect(files.get('/assets/a-Zz12345_.js')).toMatchObject({ immutable: true, type: 'text/javascript; charset=utf-8' });
  expect(files.get('/index.html')?.immutable).toBe(false);
  expect(loadStaticFiles(join(root, 'none')).size).toBe(0);
  rmSync(root, { recursive: true });
});
