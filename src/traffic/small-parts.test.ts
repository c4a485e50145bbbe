import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, Server, Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { silent } from '../base/index.js';
import { initialVersion } from '../contract/index.js';
import type { PlaneSnapshot } from '../model/index.js';
import type { ToInlet } from './control-protocol.js';
import { opaqueDecision } from './decisions.js';
import { openInletChannel } from './inlet-channel.js';
import { openOriginalDestination, parseSocketAddress } from './original-destination.js';
import { policyFrom } from './policy.js';
import { protocolOf, sniff } from './sniff.js';
import { parseTraceparent, randomHex } from './trace-context.js';

describe('sniffing', () => {
  test.each([
    ['GET / HTTP/1.1', 'http'],
    ['DELETE /x', 'http'],
    ['GE', undefined],
    ['', undefined],
    ['GETX', 'opaque'],
    ['get /', 'opaque'],
    ['PRI * HTTP/2.0', 'opaque'],
    ['\u0016\u0003\u0001', 'opaque'],
    ['\u0000\u0000\u0000\u0008\u0004\u00d2\u0016\u002f', 'opaque'],
  ])('takes %j for %s', (text, protocol) => {
    expect(protocolOf(Buffer.from(text, 'latin1'))).toBe(protocol);
  });

  test('takes a silent caller for what it is told, and keeps what was said before', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1'); // a TCP listener's address
    const [socket] = await once(server, 'connection');
    client.write('GE');
    const [protocol, first] = await new Promise<[string, Buffer | undefined]>((resolve) =>
      sniff(socket, { ms: 100, as: 'opaque' }, (kind, bytes) => resolve([kind, bytes])),
    );
    expect([protocol, first?.toString() ?? '']).toEqual(['opaque', 'GE']);
    client.destroy();
    socket.destroy();
    server.close();
  });
});

test('random digits are lower-case hexadecimal and do not repeat', () => {
  const seen = new Set(Array.from({ length: 5_000 }, () => randomHex(16)));
  expect(seen.size).toBe(5_000);
  for (const one of seen) expect(one).toMatch(/^[0-9a-f]{16}$/);
});

test('a later version of traceparent may carry more', () => {
  const known = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(parseTraceparent(`01-${known}-more`)).toMatchObject({ flags: '01' });
  expect(parseTraceparent(`00-${known}-more`)).toBeUndefined();
});

describe('the original destination', () => {
  test('is read from a socket address', () => {
    const bytes = Buffer.from([2, 0, 0x1b, 0x5a, 198, 18, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(parseSocketAddress(bytes)).toEqual({ address: '198.18.0.7', port: 7_002 });
    expect(parseSocketAddress(Buffer.from([10, 0, 0, 0, 0, 0, 0, 0]))).toBeUndefined();
    expect(parseSocketAddress(Buffer.alloc(3))).toBeUndefined();
  });

  test('of a connection that was not redirected is not known', async () => {
    const read = openOriginalDestination();
    if (typeof read !== 'function') return expect(read.unavailable).not.toBe('');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1'); // a TCP listener's address
    const [socket] = await once(server, 'connection');
    expect(read(socket)).toBeUndefined();
    expect(read(new Socket())).toBeUndefined();
    client.destroy();
    socket.destroy();
    server.close();
  });
});

describe('a policy', () => {
  const version = initialVersion('shop', 'test', 0);
  const snapshot: PlaneSnapshot = {
    schemaVersion: 1,
    revision: 1,
    trustDomain: 'house.test',
    bundles: { 'house.test': ['pem'] },
    services: [],
    contracts: [version],
    revoked: [],
    isolated: [],
  };

  test('holds approved contracts alone', () => {
    const states = ['proposed', 'superseded', 'rejected'] as const;
    for (const state of states) {
      expect(policyFrom({ ...snapshot, contracts: [{ ...version, state }] }, 0).contracts.size).toBe(0);
    }
    expect(policyFrom(snapshot, 0).contracts.size).toBe(1);
  });

  test('names a contract that cannot be held and has none for its service', () => {
    const contract = {
      ...version.contract,
      api: { serves: [{ id: 'a', methods: ['GET'], path: '/**/b', from: [{ service: 'x' }] }] },
    };
    const policy = policyFrom({ ...snapshot, contracts: [{ ...version, contract }] }, 0);
    expect(policy.contracts.size).toBe(0);
    expect(policy.broken).toMatchObject([{ service: 'shop' }]);
  });

  test('keeps compiled contracts and bundles that did not change', () => {
    const first = policyFrom(snapshot, 0);
    const second = policyFrom({ ...structuredClone(snapshot), revision: 2 }, 0, first);
    expect(second.contracts.get('shop')).toBe(first.contracts.get('shop'));
    expect(second.bundles).toBe(first.bundles);
    expect(policyFrom({ ...snapshot, bundles: { 'house.test': ['other'] } }, 0, first).bundles).not.toBe(first.bundles);
  });
});

test('opaque bytes pass where operations are not managed, never toward an isolated service', () => {
  const version = initialVersion('db', 'test', 0);
  const withMode = (mode: 'off' | 'learn' | 'audit' | 'enforce', managed: boolean) => {
    const { api: _api, ...rest } = version.contract;
    const contract = { ...rest, mode: { ...rest.mode, api: mode }, ...(managed ? { api: { serves: [] } } : {}) };
    return opaqueDecision({ ...version, contract }, false, 5432).effect;
  };
  expect(withMode('off', true)).toBe('allow');
  expect(withMode('learn', true)).toBe('would-deny');
  expect(withMode('audit', true)).toBe('would-deny');
  expect(withMode('enforce', true)).toBe('deny');
  expect(withMode('enforce', false)).toBe('allow');
  expect(opaqueDecision(version, true, 5432)).toMatchObject({ effect: 'deny', reason: 'isolated' });
});

describe('the inlet channel', () => {
  /** A channel whose other end is the test. */
  class Channel extends EventEmitter {
    connected = true;
    readonly sent: ToInlet[] = [];
    readonly send = (message: ToInlet): boolean => {
      this.sent.push(message);
      return true;
    };
  }

  test('hands sockets to whoever asked, refusals too, and gives up when the inlet goes', async () => {
    const channel = new Channel();
    const listeners: Server[] = [];
    const dial = openInletChannel(channel, silent, (listener) => listeners.push(listener));
    const results: (Socket | { readonly code: string })[] = [];
    for (let count = 0; count < 3; count += 1) dial?.(8_080, (result) => results.push(result));
    expect(channel.sent.map((message) => [message.type, message.id, message.port])).toEqual([
      ['connect', 1, 8_080],
      ['connect', 2, 8_080],
      ['connect', 3, 8_080],
    ]);
    const socket = new Socket();
    channel.emit('message', { type: 'connected', id: 1 }, socket);
    channel.emit('message', { type: 'failed', id: 2, code: 'ECONNREFUSED' });
    channel.emit('message', { type: 'listener' }, new Server());
    channel.emit('message', { type: 'nonsense' }, new Socket());
    channel.emit('message', { type: 'connected', id: 99 }, new Socket());
    channel.connected = false;
    channel.emit('disconnect');
    await new Promise<void>((resolve) =>
      dial?.(1, (result) => {
        results.push(result);
        resolve();
      }),
    );
    expect(results).toEqual([socket, { code: 'ECONNREFUSED' }, { code: 'inlet-gone' }, { code: 'inlet-gone' }]);
    expect(listeners).toHaveLength(1);
    socket.destroy();
  });

  test('is not there in a process that was started without one', () => {
    const channel = Object.assign(new EventEmitter(), { connected: false });
    expect(openInletChannel(channel, silent, () => {})).toBeUndefined();
  });
});
