import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock, silent } from '../base/index.js';
import { initialVersion } from '../contract/index.js';
import { type CertificateAuthority, generateKeyPair, openCertificateAuthority } from '../identity/index.js';
import { type PlaneSnapshot, serviceId } from '../model/index.js';
import { createPlane, type Plane } from './plane.js';
import { RecordRing } from './record-ring.js';

const trustDomain = 'early.test';
const at = Date.parse('2026-03-01T00:00:00Z');
let clock = manualClock(at);
let folder = '';
let ca: CertificateAuthority;
let ring: RecordRing;
let plane: Plane;
const recorded = () =>
  new Promise<void>((resolve) => {
    ring.onRecord = resolve;
  });

beforeEach(async () => {
  clock = manualClock(at);
  folder = mkdtempSync(join(tmpdir(), 'tc-early-'));
  ca = await openCertificateAuthority({ directory: join(folder, 'ca'), trustDomain, clock });
  ring = new RecordRing(16);
  plane = createPlane({ lookup: async () => [], clock, log: silent, ring });
});
afterEach(async () => {
  await plane.close();
  rmSync(folder, { recursive: true });
});

async function dial() {
  const { routes } = await plane.configure({
    type: 'configure',
    role: 'sidecar',
    host: 'host-a',
    service: 'shop',
    workload: 'shop-1',
    identity: serviceId(trustDomain, 'shop'),
    outbound: {
      captured: false,
      routes: [
        {
          service: 'stock',
          host: 'stock.shop',
          port: 80,
          virtualAddresses: [],
          listen: { address: '127.0.0.1', port: 0 },
        },
      ],
    },
    publishes: [],
  });
  const client = connect(routes[0]?.listen.port ?? 0, '127.0.0.1');
  client.on('error', () => {});
  await once(client, 'connect');
  client.write('GET / HTTP/1.1\r\nhost: stock\r\nconnection: close\r\n\r\n');
  return client;
}

const snapshot = (contracts: PlaneSnapshot['contracts']): PlaneSnapshot => ({
  schemaVersion: 1,
  revision: 1,
  trustDomain,
  bundles: { [trustDomain]: [...ca.bundle()] },
  services: [{ service: 'stock', endpoints: [] }],
  contracts,
  revoked: [],
  isolated: [],
});

function identify(): void {
  const keys = generateKeyPair();
  const { chainPem } = ca.issueSvid({ id: serviceId(trustDomain, 'shop'), publicKey: keys.publicKeyPem });
  plane.svid(keys.privateKeyPem, [...chainPem]);
}

test('a call before identity and contract are there waits for them, and meets a peer that is not ready', async () => {
  const client = await dial();
  const answer = once(client, 'data');
  plane.snapshot(snapshot([initialVersion('shop', 'test', at)]));
  expect(ring.next).toBe(1);
  identify();
  expect(String((await answer)[0])).toContain('503');
  expect(ring.at(1)).toMatchObject({
    kind: 'flow',
    peer: 'stock',
    decision: { effect: 'would-deny', reason: 'learning' },
  });
});

test('a call that nothing comes for is refused in the end', async () => {
  const client = await dial();
  identify();
  plane.snapshot(snapshot([]));
  expect(ring.next).toBe(1);
  const refused = recorded();
  clock.advance(11_000);
  await refused;
  expect(ring.at(1)).toMatchObject({ kind: 'flow', decision: { effect: 'deny' } });
  client.destroy();
});
