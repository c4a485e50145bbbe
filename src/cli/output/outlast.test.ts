import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { outlast, type Speaker } from './outlast.js';

function speaker() {
  const said: string[] = [];
  const exits: number[] = [];
  const stdout = new EventEmitter();
  const stderr = Object.assign(new EventEmitter(), { write: (line: string) => said.push(line) > 0 });
  const self = Object.assign(new EventEmitter(), {
    stdout,
    stderr,
    exitCode: 0,
    exit: (code: number) => exits.push(code),
  });
  outlast(self as unknown as Speaker); // the streams only as far as they are used
  const fail = (stream: EventEmitter, code: string) => stream.emit('error', Object.assign(new Error(code), { code }));
  return { self, said, exits, stdout, stderr, fail };
}

test('a result that has no room fails the command at its end, and says so once', () => {
  const { self, said, exits, stdout, fail } = speaker();
  fail(stdout, 'ENOSPC');
  fail(stdout, 'ENOSPC');
  self.exitCode = 0;
  self.emit('exit');
  expect(self.exitCode).toBe(1);
  expect(said).toHaveLength(1);
  expect(exits).toEqual([]);
});

test('progress that cannot be written ends nothing', () => {
  const { self, exits, stderr, fail } = speaker();
  for (const code of ['ENOSPC', 'EPIPE', 'EIO']) fail(stderr, code);
  self.emit('exit');
  expect([self.exitCode, exits]).toEqual([0, []]);
});

test('a reader that went away ends a command, quietly', () => {
  const { said, exits, stdout, fail } = speaker();
  fail(stdout, 'EPIPE');
  expect([said, exits]).toEqual([[], [0]]);
});
