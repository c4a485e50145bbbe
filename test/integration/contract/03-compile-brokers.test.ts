/** Permissions that were compiled, given to real brokers: what the contract does not list is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec, spawnProcess, which } from '../../../src/base/index.js';
import { lacking, requires } from '../../requires.js';
import { natsClient } from './nats-client.js';

const nats = await brokered('nats-server');
const mosquitto = await brokered('mosquitto', 'mosquitto_pub', 'mosquitto_sub');

async function brokered(...tools: string[]) {
  const found = await Promise.all(tools.map(async (tool) => [tool, await programPath(tool)] as const));
  const missing = found.filter(([, path]) => path === undefined).map(([tool]) => `${tool}: not installed`);
  return missing.length === 0 ? requires('openssl') : lacking(missing);
}

/** Debian keeps brokers where the paths of ordinary users do not look. */
async function programPath(tool: string): Promise<string | undefined> {
  return (await which(tool)) ?? (await which(`/usr/sbin/${tool}`));
}

const contract = `apiVersion: tricordon/v1
kind: Contract
service: settle
mode: { runtime: off, network: off, api: enforce }
api:
  messages:
    publish: [{ id: settled, topic: payments.settled.* }]
    subscribe: [{ id: orders, topic: orders.> }]
deny: [{ id: no-audit, layer: api, subscribe: orders.audit.> }]
`;

describe('permissions that were compiled', () => {
  let folder = '';
  const running: ChildProcess[] = [];
  const at = (name: string) => join(folder, name);
  const openssl = async (...args: string[]) => {
    const done = await exec('openssl', args, { timeoutMs: 60_000 });
    expect(done.status, done.stderr).toBe(0);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tc-brokers-'));
    writeFileSync(at('settle.yaml'), contract);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      at('ca.key'),
      '-out',
      at('ca.pem'),
      '-subj',
      '/CN=ca',
      '-days',
      '2',
    );
    for (const [name, san] of [
      ['broker', 'IP:127.0.0.1,DNS:localhost'],
      ['settle', 'URI:spiffe://tricordon.local/service/settle'],
      ['other', 'URI:spiffe://tricordon.local/service/other'],
    ] as const) {
      const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${san}`];
      await openssl('req', '-new', ...key, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), ...subject);
      const from = ['-in', at(`${name}.csr`), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-copy_extensions', 'copy'];
      await openssl('x509', '-req', ...from, '-days', '2', '-out', at(`${name}.pem`));
    }
    const targets = ['--target', 'nats,mosquitto', '--out', folder];
    const program = [
      resolve('bin/tricordon.mjs'),
      'contract',
      'compile',
      'settle',
      '--contracts',
      at('settle.yaml'),
      ...targets,
    ];
    const done = await exec(process.execPath, program, { timeoutMs: 60_000 });
    expect([done.status, done.stderr]).toEqual([0, '']);
  });
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(tool: string, args: readonly string[], port: number): Promise<void> {
    const child = spawnProcess((await programPath(tool)) ?? tool, [...args], { stdio: 'ignore' });
    running.push(child);
    await eventually(async () => {
      expect(child.exitCode).toBeNull();
      return listens(port);
    });
  }

  nats('hold in nats-server, which knows the client by its SPIFFE ID', async () => {
    const port = await freePort();
    const tls = `cert_file: "${at('broker.pem')}", key_file: "${at('broker.key')}", ca_file: "${at('ca.pem')}", verify_and_map: true`;
    writeFileSync(at('server.conf'), `listen: "127.0.0.1:${port}"\ntls { ${tls} }\ninclude "settle.nats.conf"\n`);
    await start('nats-server', ['-c', at('server.conf')], port);
    const known = await natsClient(port, { ca: read('ca.pem'), cert: read('settle.pem'), key: read('settle.key') });
    try {
      expect(await known.order('PUB payments.settled.eu 1\r\nx')).toBe('+OK');
      expect(await known.order('PUB payments.refunded 1\r\nx')).toMatch(/Permissions Violation for Publish/);
      expect(await known.order('PUB payments.settled.eu.more 1\r\nx')).toMatch(/Permissions Violation/);
      expect(await known.order('SUB orders.created.eu 1')).toBe('+OK');
      expect(await known.order('SUB orders.audit.all 2')).toMatch(/Permissions Violation for Subscription/);
      expect(await known.order('SUB > 3')).toMatch(/Permissions Violation/);
    } finally {
      known.close();
    }
    const stranger = await natsClient(port, { ca: read('ca.pem'), cert: read('other.pem'), key: read('other.key') });
    expect(stranger.welcome).toMatch(/Authorization Violation/);
    stranger.close();
  });

  mosquitto('hold in Mosquitto, which knows the common name', async () => {
    const port = await freePort();
    writeFileSync(
      at('mosquitto.conf'),
      [
        `listener ${port} 127.0.0.1`,
        `cafile ${at('ca.pem')}`,
        `certfile ${at('broker.pem')}`,
        `keyfile ${at('broker.key')}`,
        'require_certificate true',
        'use_identity_as_username true',
        `acl_file ${at('settle.mosquitto.acl')}`,
        // A root that drops its rights could not read the keys of this test.
        `user ${process.getuid?.() === 0 ? 'root' : ''}`,
        '',
      ].join('\n'),
    );
    await start('mosquitto', ['-c', at('mosquitto.conf')], port);
    const common = (name: string) => [
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '--cafile',
      at('ca.pem'),
      '--cert',
      at(`${name}.pem`),
      '--key',
      at(`${name}.key`),
      '-V',
      'mqttv5',
    ];
    const publish = (name: string, topic: string) =>
      exec('mosquitto_pub', [...common(name), '-q', '1', '-t', topic, '-m', 'x', '-r'], { timeoutMs: 30_000 });
    const allowed = await publish('settle', 'payments/settled/eu');
    expect([allowed.status, allowed.stderr]).toEqual([0, '']);
    for (const [name, topic] of [
      ['settle', 'payments/refunded'],
      ['settle', 'payments/settled/eu/more'],
      ['settle', 'orders/created'],
      ['other', 'payments/settled/eu'],
    ] as const)
      expect((await publish(name, topic)).stderr, topic).toMatch(/Not authorized/i);
    // Kept by the broker from somebody who may: a second user, written here.
    writeFileSync(at('settle.mosquitto.acl'), `${read('settle.mosquitto.acl')}user other\ntopic write #\n`);
    running.at(-1)?.kill('SIGHUP');
    await eventually(async () => (await publish('other', 'orders/created')).stderr === '');
    expect((await publish('other', 'orders/audit/all')).stderr).toBe('');
    const receive = (...how: string[]) =>
      exec('mosquitto_sub', [...common('settle'), '-v', ...how], { timeoutMs: 120_000 });
    // It takes the subscription, and hands out only what may be read.
    expect((await receive('-t', '#', '-C', '1', '-W', '60')).stdout.trim()).toBe('orders/created x');
    expect((await receive('-t', 'orders/audit/#', '-C', '1', '-W', '3')).stdout).toBe('');
  });

  function read(name: string): string {
    return readFileSync(at(name), 'utf8');
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function listens(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((answer) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      answer(true);
    });
    socket.on('error', () => answer(false));
  });
}

async function eventually(look: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < 300; count += 1) {
    if (await look()) return;
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error('never');
}
