import { describe, expect, test } from 'vitest';
import { hostsFile, virtualAddresses } from './virtual-addresses.js';

const call = (service: string, host: string, port: number) => ({ service, host, port });

describe('virtual addresses', () => {
  test('a name gets one address of 198.18.0.0/15, however many ports it has', () => {
    const found = virtualAddresses([
      call('db', 'db.internal', 1),
      call('db2', 'DB.internal', 2),
      call('x', 'other', 1),
    ]);
    expect(found.map(({ address, port }) => `${address}:${port}`)).toEqual([
      '198.18.0.1:1',
      '198.18.0.1:2',
      '198.18.0.2:1',
    ]);
  });

  test('literal addresses and localhost keep their own', () => {
    const found = virtualAddresses([call('a', '127.0.0.1', 1), call('b', 'localhost', 2), call('c', '10.1.2.3', 3)]);
    expect(found.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.1', '10.1.2.3']);
  });

  test('more than 255 names go on in the next block', () => {
    const many = Array.from({ length: 300 }, (_, index) => call('a', `h${index}`, 1));
    expect(virtualAddresses(many)[299]?.address).toBe('198.18.1.44');
  });

  test.each(['::1', '2001:db8::1', 'a b', 'a\nb', '1.2.3', '1.2.3.256', '', '-a', 'a..b', '#'])(
    'refuses %j',
    (host) => {
      expect(() => virtualAddresses([call('a', host, 1)])).toThrow(expect.objectContaining({ code: 'spec-refused' }));
    },
  );

  test('refuses two services behind one address and port', () => {
    expect(() => virtualAddresses([call('a', 'h', 1), call('b', 'h', 1)])).toThrow(
      expect.objectContaining({ code: 'spec-refused' }),
    );
  });

  test('the hosts file names the service, the peers, and nothing that could be another line', () => {
    const addresses = virtualAddresses([call('db', 'db.internal', 1), call('db2', 'db.internal', 2)]);
    expect(hostsFile('web', 'bad name\n6.6.6.6 evil', addresses)).toBe(
      '127.0.0.1 localhost\n127.0.0.1 web\n198.18.0.1 db.internal\n',
    );
  });
});
