import { expect, test } from 'vitest';
import {
  type Kernel,
  knownRights,
  landlockVersion,
  restrictSelf,
  rights,
  ruleAttributes,
  rulesetAttributes,
} from './landlock.js';

interface Call {
  readonly number: number;
  readonly values: readonly (number | bigint)[];
}

function kernel(answers: (call: Call) => number, names: Readonly<Record<string, boolean>> = {}) {
  const made: Call[] = [];
  const buffers: Buffer[] = [];
  const closed: number[] = [];
  const fake: Kernel = {
    call: (number, ...values) => {
      made.push({ number, values });
      return answers({ number, values });
    },
    addressOf: (buffer) => {
      buffers.push(Buffer.from(buffer));
      return BigInt(buffers.length - 1);
    },
    name: (path) => {
      const folder = names[path];
      return folder === undefined ? -2 : { descriptor: 40 + Object.keys(names).indexOf(path), folder };
    },
    close: (descriptor) => closed.push(descriptor),
  };
  return { fake, made, buffers, closed };
}

test('the structures are laid out as the kernel reads them', () => {
  expect(rulesetAttributes(rights.execute | rights.truncate).toString('hex')).toBe('0140000000000000');
  expect(ruleAttributes(rights.readFile, 7).toString('hex')).toBe('040000000000000007000000');
});

test('a kernel is only told of rights it knows', () => {
  expect(knownRights(0)).toBe(0);
  expect(knownRights(1) & (rights.refer | rights.truncate)).toBe(0);
  expect(knownRights(2) & rights.refer).toBe(rights.refer);
  expect(knownRights(7) & rights.truncate).toBe(rights.truncate);
});

test('a kernel without Landlock has version 0', () => {
  expect(landlockVersion(kernel(() => -38).fake)).toBe(0);
  expect(landlockVersion(kernel(() => 7).fake)).toBe(7);
});

test('a rule on a file says nothing that only folders have, and what vanished is passed over', () => {
  const { fake, made, buffers, closed } = kernel(() => 9, { '/f': false, '/d': true });
  const all = rights.execute | rights.readDir | rights.makeReg;
  const grants = ['/f', '/gone', '/d'].map((path) => ({ path, rights: all }));
  expect(restrictSelf(fake, { handled: all, grants })).toBe(2);
  expect(made.map(({ number }) => number)).toEqual([444, 445, 445, 446]);
  expect(buffers.map((buffer) => Number(buffer.readBigUInt64LE(0)))).toEqual([all, rights.execute, all]);
  expect(closed).toEqual([40, 41, 9]);
});

test('nothing is started when a step is refused', () => {
  for (const failing of [444, 445, 446]) {
    const { fake } = kernel(({ number }) => (number === failing ? -22 : 9), { '/f': false });
    const grants = [{ path: '/f', rights: rights.readFile }];
    expect(() => restrictSelf(fake, { handled: rights.readFile, grants })).toThrow('the kernel refused');
  }
});
