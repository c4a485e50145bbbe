import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../base/index.js';
import { type CertificateAuthority, openCertificateAuthority } from './ca.js';
import { type Bundles, generateKeyPair, type Svid, svidFrom } from './svid.js';
import { secureContextOf, tlsClientOptions, tlsServerOptions } from './tls-options.js';
import { type PeerResult, verifySocket } from './trust.js';

let base: string;
let shop: CertificateAuthority;
let other: CertificateAuthority;
let bundles: Bundles;
const servers: Server[] = [];

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'tc-tls-'));
  shop = await openCertificateAuthority({ directory: join(base, 'a'), trustDomain: 'shop.test', clock: systemClock });
  other = await openCertificateAuthority({ directory: join(base, 'b'), trustDomain: 'other.test', clock: systemClock });
  bundles = { 'shop.test': shop.bundle(), 'other.test': other.bundle() };
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

test('both ends prove who they are over TLS 1.3', async () => {
  const { port, seen } = await serve(svid(shop, 'payments'));
  const socket = await dial(port, svid(shop, 'orders'), 'spiffe://shop.test/service/payments');
  expect(socket.getProtocol()).toBe('TLSv1.3');
  expect(socket.alpnProtocol).toBe('tricordon-http/1');
  expect(verifySocket(socket, bundles, systemClock.now())).toMatchObject({ kind: 'ok', service: 'payments' });
  expect(await seen()).toMatchObject({ kind: 'ok', service: 'orders' });
  socket.destroy();
});

test('the client refuses a server that is somebody else', async () => {
  const { port } = await serve(svid(shop, 'catalog'));
  await expect(dial(port, svid(shop, 'orders'), 'spiffe://shop.test/service/payments')).rejects.toMatchObject({
    code: 'peer-refused',
    message: 'the peer is `spiffe://shop.test/service/catalog`, expected was `spiffe://shop.test/service/payments`',
  });
});

test('a federated domain is itself on the server side, and cannot pass as us on the client side', async () => {
  const { port, seen } = await serve(svid(other, 'payments'));
  await expect(dial(port, svid(shop, 'orders'), 'spiffe://shop.test/service/payments')).rejects.toMatchObject({
    code: 'peer-refused',
  });
  const good = await dial(port, svid(other, 'orders'), 'spiffe://other.test/service/payments');
  // the server may or may not have seen the first client's end of the handshake
  let caller = await seen();
  if (caller.kind === 'ok' && caller.trustDomain === 'shop.test') caller = await seen();
  expect(caller).toMatchObject({ id: 'spiffe://other.test/service/orders' });
  good.destroy();
});

test('a client without certificate is turned away in the handshake, or named when refusals are recorded', async () => {
  const strict = await serve(svid(shop, 'payments'), 'required');
  const bare = connect({ port: strict.port, ca: [...shop.bundle()], checkServerIdentity: () => undefined });
  await expect(once(bare, 'end')).rejects.toMatchObject({ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
  const later = await serve(svid(shop, 'payments'), 'checked-later');
  const socket = connect({ port: later.port, ca: [...shop.bundle()], checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  expect(await later.seen()).toMatchObject({ kind: 'refused', reason: 'no-identity' });
  socket.destroy();
});

test('TLS 1.2 is not spoken', async () => {
  const { port } = await serve(svid(shop, 'payments'));
  const client = svid(shop, 'orders');
  const old = connect({
    port,
    maxVersion: 'TLSv1.2',
    cert: client.chainPem.join(''),
    key: client.privateKeyPem,
    rejectUnauthorized: false,
  });
  await expect(once(old, 'secureConnect')).rejects.toMatchObject({
    code: expect.stringContaining('ALERT_PROTOCOL_VERSION'),
  });
});

test('a rotation reaches new handshakes while old connections go on', async () => {
  const { port, server, seen } = await serve(svid(shop, 'payments'));
  const before = await dial(port, svid(shop, 'orders'), 'spiffe://shop.test/service/payments');
  const old = before.getPeerX509Certificate()?.serialNumber;
  server.setSecureContext(tlsServerOptions({ svid: svid(shop, 'payments'), bundles }));
  const after = await dial(port, svid(shop, 'orders'), 'spiffe://shop.test/service/payments');
  expect(after.getPeerX509Certificate()?.serialNumber).not.toBe(old);
  await seen();
  await seen();
  before.write('still here');
  expect(before.destroyed).toBe(false);
  before.destroy();
  after.destroy();
});

test('contexts are built once per SVID and bundle', () => {
  const one = svid(shop, 'orders');
  expect(secureContextOf(one, bundles)).toBe(secureContextOf(one, bundles));
  expect(secureContextOf(one, { ...bundles })).not.toBe(secureContextOf(one, bundles));
});

function svid(ca: CertificateAuthority, service: string): Svid {
  const keys = generateKeyPair();
  const id = `spiffe://${ca.trustDomain}/service/${service}`;
  return svidFrom(keys.privateKeyPem, ca.issueSvid({ id, publicKey: keys.publicKeyPem }).chainPem, id);
}

async function serve(own: Svid, clientCertificate: 'required' | 'checked-later' = 'checked-later') {
  const results: PeerResult[] = [];
  const waiting: ((result: PeerResult) => void)[] = [];
  const server = createServer(
    { ...tlsServerOptions({ svid: own, bundles, alpn: ['tricordon-http/1'], clientCertificate }) },
    (socket) => {
      socket.on('error', () => {});
      const result = verifySocket(socket, bundles, systemClock.now());
      const next = waiting.shift();
      if (next === undefined) results.push(result);
      else next(result);
    },
  );
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const seen = (): Promise<PeerResult> => {
    const known = results.shift();
    return known === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(known);
  };
  return { server, port, seen };
}

async function dial(port: number, own: Svid, expectedId: string): Promise<TLSSocket> {
  const options = tlsClientOptions({ svid: own, bundles, expectedId, alpn: ['tricordon-http/1'] });
  const socket = connect({ port, host: '127.0.0.1', ...options });
  await once(socket, 'secureConnect');
  return socket;
}
