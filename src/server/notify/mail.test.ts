import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock, silent } from '../../base/index.js';
import { createMailer, message } from './mail.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tc-mail-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const to = ['ops@shop.example', 'sec@shop.example'];
const options = () => ({ clock: manualClock(), log: silent, from: 'tricordon@shop.example', pauseMs: 1 });

function program(text: string): string {
  const file = join(directory, 'send');
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

async function eventually(good: () => boolean): Promise<void> {
  while (!good()) await new Promise((resume) => setTimeout(resume, 5));
}

test('no text of others becomes a header, however it is written', () => {
  const hostile = `down\r\nBcc: all@evil.example\r\n\r\n\u001b[31m “oh” \u0000 ${'ü'.repeat(300)}`;
  const text = message({ command: ['x'], to }, 'tricordon@shop.example', 0, hostile, `reason: ${hostile}`);
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const fields = head.replace(/\r\n /g, '').split('\r\n');
  expect(fields.map((line) => line.slice(0, line.indexOf(':')))).toEqual([
    'Date',
    'From',
    'To',
    'Message-ID',
    'Subject',
    'MIME-Version',
    'Content-Type',
    'Content-Transfer-Encoding',
    'Auto-Submitted',
  ]);
  expect(Math.max(...text.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
  expect(text).toMatch(/^[\x20-\x7e\r\n]+$/);
  const subject = fields[4]
    ?.match(/=\?utf-8\?B\?([^?]*)\?=/g)
    ?.map((word) => Buffer.from(word.slice(10, -2), 'base64').toString());
  expect(subject?.join('')).toContain('down\\x0d\\x0aBcc: all@evil.example');
  expect(Buffer.from(body, 'base64').toString()).not.toContain('\u001b');
});

test('is given to the program on standard input, one after the other', async () => {
  const mailer = createMailer(
    { command: [program(`cat >> ${directory}/box; echo "$*" >> ${directory}/args`), '-t'], to },
    options(),
  );
  mailer.send('first', 'one');
  mailer.send('second', 'two\nlines');
  await eventually(
    () => existsSync(join(directory, 'args')) && readFileSync(join(directory, 'args'), 'utf8') === '-t\n-t\n',
  );
  const box = readFileSync(join(directory, 'box'), 'utf8');
  expect([...box.matchAll(/^Subject: (.*)\r$/gm)].map(([, subject]) => subject)).toEqual(['first', 'second']);
  expect(box).toContain(Buffer.from('two\r\nlines').toString('base64'));
  expect(mailer.unsent()).toBe(0);
});

test('is tried three times, then counted as unsent; the next one is tried all the same', async () => {
  const mailer = createMailer({ command: [program(`echo x >> ${directory}/tries; exit 75`)], to }, options());
  mailer.send('lost', 'a');
  await eventually(() => mailer.unsent() === 1);
  expect(readFileSync(join(directory, 'tries'), 'utf8')).toBe('x\nx\nx\n');
  const absent = createMailer({ command: [join(directory, 'nothing')], to }, options());
  absent.send('lost too', 'b');
  await eventually(() => absent.unsent() === 1);
});

test('a flood gives up the oldest, and says how many', async () => {
  const mailer = createMailer({ command: [program('sleep 1000')], to }, options());
  for (let n = 0; n < 120; n += 1) mailer.send(`n ${n}`, 'x');
  expect(mailer.unsent()).toBe(19);
});
