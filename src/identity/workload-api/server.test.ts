import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exec, systemClock } from '../../base/index.js';
import { type CertificateAuthority, openCertificateAuthority } from '../ca.js';
import { generateKeyPair, type Svid, svidFrom } from '../svid.js';
import { serveWorkloadApi, type WorkloadApi, type WorkloadApiOptions, type WorkloadApiState } from './server.js';

const id = 'spiffe://shop.test/service/orders';
let base: string;
let path: string;
let ca: CertificateAuthority;
let state: WorkloadApiState;
let listeners: Set<() => void>;
let api: WorkloadApi | undefined;
let client: ClientHttp2Session | undefined;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'tc-wl-'));
  path = join(base, 'w.sock');
  ca = await openCertificateAuthority({ directory: join(base, 'ca'), trustDomain: 'shop.test', clock: systemClock });
  listeners = new Set();
  state = { kind: 'ready', svids: [svid()], bundles: { 'shop.test': ca.bundle(), 'other.test': ca.bundle() } };
});
afterEach(async () => {
  client?.destroy();
  await api?.close();
  api = undefined;
  client = undefined;
  rmSync(base, { recursive: true, force: true });
});

test('gives the full state at once: identity, chain, key, bundle and federated bundles', async () => {
  await start();
  const call = ask('FetchX509SVID');
  const [response] = await messages(call, 1);
  const fields = decode(response);
  const one = decode(fields.get(1)?.[0]);
  expect(one.get(1)?.[0]?.toString()).toBe(id);
  expect(new X509Certificate(one.get(2)?.[0] ?? '').subjectAltName).toBe(`URI:${id}`);
  expect(one.get(3)?.[0]?.subarray(0, 2).toString('hex')).toBe('3081');
  expect(new X509Certificate(one.get(4)?.[0] ?? '').ca).toBe(true);
  expect(one.has(5)).toBe(false);
  expect(decode(fields.get(3)?.[0]).get(1)?.[0]?.toString()).toBe('spiffe://other.test');
  expect(api?.streams()).toBe(1);
});

test('pushes a rotation, says nothing when nothing changed, and ends the stream when the identity is withdrawn', async () => {
  await start();
  const call = ask('FetchX509SVID');
  const [first] = await messages(call, 1);
  const second = messages(call, 1);
  change(state);
  change({ kind: 'ready', svids: [svid()], bundles: { 'shop.test': ca.bundle() } });
  const [rotated] = await second;
  expect(rotated?.equals(first ?? Buffer.alloc(0))).toBe(false);
  expect(decode(rotated).has(3)).toBe(false);
  const ended = outcome(call);
  change({ kind: 'ready', svids: [], bundles: {} });
  expect(await ended).toBe('7');
  expect(api?.streams()).toBe(0);
});

test('gives several identities distinct hints', async () => {
  state = {
    kind: 'ready',
    svids: [svid(), svid('spiffe://shop.test/service/worker')],
    bundles: { 'shop.test': ca.bundle() },
  };
  await start();
  const [response] = await messages(ask('FetchX509SVID'), 1);
  const hints = decode(response)
    .get(1)
    ?.map((one) => decode(one).get(5)?.[0]?.toString());
  expect(hints).toEqual([id, 'spiffe://shop.test/service/worker']);
});

test('streams bundles', async () => {
  await start();
  const [response] = await messages(ask('FetchX509Bundles'), 1);
  expect(
    decode(response)
      .get(2)
      ?.map((one) => decode(one).get(1)?.[0]?.toString()),
  ).toEqual(['spiffe://shop.test', 'spiffe://other.test']);
});

test.each([
  ['without the security header', { 'workload.spiffe.io': undefined }, '3'],
  ['with another value of the security header', { 'workload.spiffe.io': 'True' }, '3'],
  ['for a JWT-SVID', { ':path': '/SpiffeWorkloadAPI/FetchJWTSVID' }, '12'],
  ['for JWT bundles', { ':path': '/SpiffeWorkloadAPI/FetchJWTBundles' }, '12'],
  ['to validate a JWT-SVID', { ':path': '/SpiffeWorkloadAPI/ValidateJWTSVID' }, '12'],
  ['for another service', { ':path': '/grpc.health.v1.Health/Check' }, '12'],
  ['with a forged path', { ':path': '/SpiffeWorkloadAPI/../FetchX509SVID"%0d' }, '12'],
])('answers a call %s with its gRPC status', async (_what, headers, code) => {
  await start();
  expect(await outcome(ask('FetchX509SVID', headers))).toBe(code);
});

test.each([
  ['compressed', Buffer.of(1, 0, 0, 0, 0), '12'],
  ['incomplete', Buffer.of(0, 0, 0), '3'],
  ['two messages long', Buffer.alloc(10), '3'],
  ['said to be 4 GiB long', Buffer.of(0, 255, 255, 255, 255), '8'],
  ['oversized', Buffer.alloc(9_000), '8'],
])('refuses a request that is %s', async (_what, body, code) => {
  await start();
  expect(await outcome(ask('FetchX509SVID', {}, body))).toBe(code);
});

test('says Unavailable while starting, and PermissionDenied to a caller that is not authorized', async () => {
  state = { kind: 'starting' };
  await start();
  expect(await outcome(ask('FetchX509SVID'))).toBe('14');
  await api?.close();
  client?.destroy();
  client = undefined;
  state = { kind: 'ready', svids: [svid()], bundles: {} };
  const peers: unknown[] = [];
  await start({
    // what the kernel would answer: struct ucred of pid 42, uid 1000, gid 1000
    getSocketOption: (_fd, level, name) =>
      level === 1 && name === 17 ? Buffer.from('2a000000e8030000e8030000', 'hex') : undefined,
    authorize: (peer) => {
      peers.push(peer);
      return false;
    },
  });
  expect(await outcome(ask('FetchX509SVID'))).toBe('7');
  expect(peers).toEqual([{ pid: 42, uid: 1000, gid: 1000 }]);
});

test('plain web requests get nothing', async () => {
  await start();
  const get = ask('FetchX509SVID', { ':method': 'GET' });
  const [headers] = await once(get, 'response');
  expect(headers[':status']).toBe(405);
  const curl = connect(path);
  curl.end('GET /SpiffeWorkloadAPI/FetchX509SVID HTTP/1.1\r\nHost: x\r\nworkload.spiffe.io: true\r\n\r\n');
  let text = '';
  curl.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  await once(curl, 'close');
  expect(text).not.toContain('spiffe://');
});

test('a call that never sends its message and a client that never reads are let go', async () => {
  await start({ patienceMs: 50 });
  const silent = ask('FetchX509SVID', {}, null);
  expect(await outcome(silent)).toBe('4');
  // far more than a flow-control window, to a client that has stopped reading
  state = { kind: 'ready', svids: [svid()], bundles: { 'shop.test': new Array(400).fill(ca.bundle()[0]) } };
  const stuck = ask('FetchX509SVID');
  stuck.pause();
  await once(stuck, 'response');
  await expect.poll(() => api?.streams()).toBe(0);
});

test('a connection opens a bounded number of streams', async () => {
  await start();
  const session = open();
  await once(session, 'remoteSettings');
  expect(session.remoteSettings.maxConcurrentStreams).toBe(32);
});

test('refuses a path that does not fit a socket address', async () => {
  path = join(base, 'x'.repeat(107 - base.length));
  await expect(start()).rejects.toMatchObject({
    code: 'socket-path-too-long',
    message: expect.stringContaining('108 bytes'),
  });
  path = path.slice(0, -1);
  await start();
  expect(statSync(path).isSocket()).toBe(true);
});

test('takes over a dead socket, and leaves a live one and a file alone', async () => {
  await exec(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`,
  ]);
  expect(existsSync(path)).toBe(true);
  await start({ mode: 0o660 });
  expect(statSync(path).mode & 0o777).toBe(0o660);
  await messages(ask('FetchX509SVID'), 1);

  const live = createServer().listen(join(base, 'live'));
  await once(live, 'listening');
  await expect(serveWorkloadApi(options({ socketPath: join(base, 'live') }))).rejects.toMatchObject({
    code: 'socket-in-use',
  });
  expect(live.listening).toBe(true);
  live.close();
  writeFileSync(join(base, 'file'), 'precious');
  await expect(serveWorkloadApi(options({ socketPath: join(base, 'file') }))).rejects.toMatchObject({
    code: 'socket-in-use',
  });
  await expect(serveWorkloadApi(options({ socketPath: join(base, 'no/such/dir') }))).rejects.toMatchObject({
    code: 'socket-failed',
  });
});

test('a socket is closed to other accounts and gone after close', async () => {
  await start();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  chmodSync(path, 0o600);
  await api?.close();
  expect(existsSync(path)).toBe(false);
});

function svid(of = id): Svid {
  const keys = generateKeyPair();
  return svidFrom(keys.privateKeyPem, ca.issueSvid({ id: of, publicKey: keys.publicKeyPem }).chainPem, of);
}

function change(next: WorkloadApiState): void {
  state = next;
  for (const listener of listeners) listener();
}

function options(extra: Partial<WorkloadApiOptions> = {}): WorkloadApiOptions {
  return {
    socketPath: path,
    state: () => state,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    jitterMs: 1,
    ...extra,
  };
}

async function start(extra: Partial<WorkloadApiOptions> = {}): Promise<void> {
  api = await serveWorkloadApi(options(extra));
}

function open(): ClientHttp2Session {
  client ??= connectHttp2('http://localhost', { createConnection: () => connect(path) });
  client.on('error', () => {});
  return client;
}

/** `body` null leaves the request open. */
function ask(
  method: string,
  headers: Record<string, string | undefined> = {},
  body: Buffer | null = Buffer.alloc(5),
): ClientHttp2Stream {
  const all = {
    ':method': 'POST',
    ':path': `/SpiffeWorkloadAPI/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
    'workload.spiffe.io': 'true',
    ...headers,
  };
  const call = open().request(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
  call.on('error', () => {});
  if (body === null) return call;
  if (all[':method'] === 'GET') return call;
  call.end(body);
  return call;
}

async function messages(call: ClientHttp2Stream, count: number): Promise<Buffer[]> {
  const found: Buffer[] = [];
  let left = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      left = Buffer.concat([left, chunk]);
      while (left.length >= 5 && left.length >= 5 + left.readUInt32BE(1)) {
        const end = 5 + left.readUInt32BE(1);
        found.push(left.subarray(5, end));
        left = left.subarray(end);
      }
      if (found.length < count) return;
      call.off('data', take);
      resolve(found);
    };
    call.on('data', take);
    call.once('close', () => reject(new Error('the stream ended')));
  });
}

async function outcome(call: ClientHttp2Stream): Promise<string | undefined> {
  return new Promise((resolve) => {
    let code: string | undefined;
    call.on('response', (headers) => {
      code = text(headers['grpc-status']) ?? code;
    });
    call.on('trailers', (headers) => {
      code = text(headers['grpc-status']) ?? code;
    });
    call.on('close', () => resolve(code));
    call.resume();
  });
}

function text(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Length-delimited protobuf fields by number. */
function decode(bytes: Buffer | undefined): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes?.[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (bytes !== undefined && at < bytes.length) {
    const number = Math.floor(varint() / 8);
    const size = varint();
    fields.set(number, [...(fields.get(number) ?? []), bytes.subarray(at, at + size)]);
    at += size;
  }
  return fields;
}
