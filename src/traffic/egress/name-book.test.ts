import { expect, test } from 'vitest';
import { manualClock } from '../../base/index.js';
import { isOutside, NameBook } from './name-book.js';

function fixture(answers: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const clock = manualClock();
  const lookup = async (name: string) => {
    asked.push(name);
    const found = answers[name];
    if (found === undefined)
      throw Object.assign(new Error('no'), { code: name === 'away' ? 'EAI_AGAIN' : 'ENOTFOUND' });
    return found;
  };
  return { book: new NameBook(lookup, clock), asked, clock };
}

test('a name is asked for once in half a minute, by however many at once', async () => {
  const { book, asked, clock } = fixture({ a: ['192.0.2.1', '192.0.2.1', 'fd00::1'] });
  const both = await Promise.all([book.resolve('a'), book.resolve('a')]);
  expect(both).toEqual([1, 2].map(() => ({ kind: 'found', addresses: ['192.0.2.1'] })));
  clock.advance(29_999);
  await book.resolve('a');
  expect(asked).toEqual(['a']);
  clock.advance(1);
  await book.resolve('a');
  expect(asked).toEqual(['a', 'a']);
});

test('a name that is not there is known for a while, one that nobody answered for is asked again', async () => {
  const { book, asked } = fixture({});
  for (const _ of [1, 2]) expect(await book.resolve('gone')).toEqual({ kind: 'unknown' });
  for (const _ of [1, 2]) expect(await book.resolve('away')).toEqual({ kind: 'failed' });
  expect(asked).toEqual(['gone', 'away', 'away']);
});

test('every name has an address of its own, the same after a restart', () => {
  const names = Array.from({ length: 4_096 }, (_, number) => `n${number}.example`);
  const [first, second] = [fixture({}).book, fixture({}).book];
  const addresses = names.map((name) => first.addressOf(name));
  expect(new Set(addresses).size).toBe(4_096);
  expect(addresses.every((address) => /^198\.19\.\d{1,3}\.\d{1,3}$/.test(address))).toBe(true);
  expect(names.map((name) => first.nameAt(first.addressOf(name)))).toEqual(names);
  // The one that was asked for longest ago makes room, and has its address again when it is asked for.
  first.addressOf(names[0] ?? '');
  first.addressOf('one.more.example');
  expect([first.nameAt(addresses[0] ?? ''), first.nameAt(addresses[1] ?? '')]).toEqual([names[0], undefined]);
  // Nothing was asked of it yet: the connection says its name, and the address is that name's own.
  expect(second.nameAt(addresses[0] ?? '')).toBe(undefined);
  expect(second.nameAt(addresses[0] ?? '', names[0])).toBe(names[0]);
  expect(second.nameAt(addresses[0] ?? '', names[1])).toBe(undefined);
  expect(first.nameAt(addresses[0] ?? '', names[1])).toBe(names[0]);
});

test('addresses of this host, its links and of many at once are not outside', () => {
  for (const address of [
    '127.0.0.1',
    '0.0.0.0',
    '169.254.169.254',
    '198.18.0.1',
    '198.19.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ])
    expect(isOutside(address)).toBe(false);
  for (const address of ['10.0.0.1', '198.20.0.1', '223.255.0.1', '12.70.0.1']) expect(isOutside(address)).toBe(true);
});
