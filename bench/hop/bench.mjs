// The sidecar hop: CPU per request against nginx as the same hop and against a bare Node byte pipe, in alternating
// rounds of one run. Load by wrk: 64 connections, answers of 1 KB, keep-alive. `ratio` over 1: ours is better.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { systemClock, which } from '../../dist/base/index.js';
import { compileContract, contractDigest, initialVersion } from '../../dist/contract/index.js';
import { generateKeyPair, openCertificateAuthority } from '../../dist/identity/index.js';
import { calleeContract, callerContract, port as servicePort } from './contracts.mjs';
import { measure, path } from './load.mjs';
import { attach, freePorts, nginx, node } from './processes.mjs';

const here = new URL('.', import.meta.url).pathname;
const trustDomain = 'bench.test';

export default async function hop({ rounds = 5, seconds = 3, connections = 64 } = {}) {
  const missing = ['nginx', 'wrk'].filter((program) => which(program) === undefined);
  if (missing.length > 0) {
    return {
      schemaVersion: 1,
      name: 'hop',
      node: process.version,
      cases: [],
      missing: missing.map((peer) => ({ peer, reason: 'not installed', fix: `apt-get install ${peer}` })),
    };
  }
  const folder = mkdtempSync('/tmp/th-');
  const started = [];
  try {
    const ports = await freePorts(12);
    const [backend, ...rest] = ports;
    started.push(
      await nginx(
        folder,
        'backend',
        `server { listen 127.0.0.1:${backend} backlog=1024; location / { default_type text/plain; return 200 "${'x'.repeat(1_024)}"; } }`,
        rest[0],
      ),
    );
    const cases = [];
    cases.push(...(await plaintext(folder, started, backend, rest.slice(0, 4), { rounds, seconds, connections })));
    cases.push(...(await mutual(folder, started, backend, rest.slice(4), { rounds, seconds, connections })));
    cases.push(decisions());
    return { schemaVersion: 1, name: 'hop', node: process.version, cpu: cpus()[0]?.model ?? '', cases };
  } finally {
    for (const one of started.reverse()) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One process, plain on both sides. */
async function plaintext(folder, started, backend, [ours, theirs, pipe], options) {
  const control = join(folder, 'plain.sock');
  const hopProcess = await node(join(here, 'hop-process.mjs'), [String(ours), String(backend), control], ours);
  const agent = await attach(control);
  agent.say({ type: 'configure', role: 'sidecar', host: 'bench', service: 'callee', workload: null, identity: null });
  const proxy = `upstream u { server 127.0.0.1:${backend}; keepalive 256; keepalive_requests 10000000; }
    server { listen 127.0.0.1:${theirs} backlog=1024; keepalive_requests 10000000; location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; } }`;
  const nginxProcess = await nginx(folder, 'plain', proxy, theirs);
  const pipeProcess = await node(
    join(here, 'pipe-process.mjs'),
    [JSON.stringify({ listen: pipe, upstream: backend })],
    pipe,
  );
  started.push({ stop: () => agent.close() }, hopProcess, nginxProcess, pipeProcess);
  return measure('plaintext in, plaintext out', options, [
    { name: 'tricordon', port: ours, processes: [hopProcess] },
    { name: 'nginx', port: theirs, processes: [nginxProcess] },
    { name: 'node byte pipe', port: pipe, processes: [pipeProcess] },
  ]);
}

/** Two processes as deployed: the caller's (plain in, mutual TLS out) and the callee's (mutual TLS in, plain out). */
async function mutual(folder, started, backend, ports, options) {
  const [nginxOut, nginxIn, pipeOut, pipeIn] = ports;
  const ca = await openCertificateAuthority({ directory: join(folder, 'ca'), trustDomain, clock: systemClock });
  const svid = (service) => {
    const keys = generateKeyPair();
    const issued = ca.issueSvid({ id: `spiffe://${trustDomain}/service/${service}`, publicKey: keys.publicKeyPem });
    const files = {
      cert: join(folder, `${service}.pem`),
      key: join(folder, `${service}.key`),
      ca: join(folder, 'ca.pem'),
    };
    writeFileSync(files.cert, issued.chainPem.join(''));
    writeFileSync(files.key, keys.privateKeyPem, { mode: 0o600 });
    writeFileSync(files.ca, ca.bundle().join(''));
    return { keyPem: keys.privateKeyPem, chainPem: issued.chainPem, files };
  };
  const caller = svid('caller');
  const callee = svid('callee');

  const main = join(here, '../../dist/traffic/main.js');
  const controls = ['caller', 'callee'].map((name) => join(folder, `${name}.sock`));
  const callerProcess = await node(main, ['--control', controls[0]]);
  const calleeProcess = await node(main, ['--control', controls[1]]);
  const [callerAgent, calleeAgent] = [await attach(controls[0]), await attach(controls[1])];
  started.push({ stop: () => callerAgent.close() }, { stop: () => calleeAgent.close() }, callerProcess, calleeProcess);
  const common = { type: 'configure', role: 'sidecar', host: 'bench', workload: null, identity: null };
  const at = { address: '127.0.0.1', port: 0 };
  // The contract speaks of the service's port; the workload's real one is the back end's.
  const calleeVersion = versioned(replacePort(calleeContract, backend));
  const callerVersion = versioned(replacePort(callerContract, backend));
  const target = { kind: 'address', address: '127.0.0.1', port: backend };
  const calleeAt = await calleeAgent.ask(
    { ...common, service: 'callee', inbound: { listen: at, target } },
    'listening',
  );
  const route = { service: 'callee', host: 'callee', port: backend, listen: at };
  const callerAt = await callerAgent.ask(
    { ...common, service: 'caller', outbound: { captured: false, routes: [route] } },
    'listening',
  );
  for (const [agent, own] of [
    [callerAgent, caller],
    [calleeAgent, callee],
  ]) {
    agent.say({ type: 'svid', keyPem: own.keyPem, chainPem: own.chainPem });
    agent.say({
      type: 'snapshot',
      snapshot: {
        schemaVersion: 1,
        revision: 1,
        trustDomain,
        bundles: { [trustDomain]: [...ca.bundle()] },
        services: [
          { service: 'callee', endpoints: [calleeAt.inbound] },
          { service: 'caller', endpoints: [] },
        ],
        contracts: [calleeVersion, callerVersion],
        revoked: [],
        isolated: [],
      },
    });
    await agent.ask({ type: 'status' }, 'status');
  }

  const tls = 'TLSv1.3';
  const nginxCallee = await nginx(
    folder,
    'tls-in',
    `upstream u { server 127.0.0.1:${backend}; keepalive 256; keepalive_requests 10000000; }
     server { listen 127.0.0.1:${nginxIn} ssl backlog=1024; keepalive_requests 10000000; ssl_protocols ${tls};
       ssl_certificate ${callee.files.cert}; ssl_certificate_key ${callee.files.key};
       ssl_client_certificate ${callee.files.ca}; ssl_verify_client on; ssl_verify_depth 3;
       location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; } }`,
    nginxIn,
  );
  const nginxCaller = await nginx(
    folder,
    'tls-out',
    `upstream u { server 127.0.0.1:${nginxIn}; keepalive 256; keepalive_requests 10000000; }
     server { listen 127.0.0.1:${nginxOut} backlog=1024; keepalive_requests 10000000;
       location / { proxy_pass https://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
         proxy_ssl_protocols ${tls}; proxy_ssl_certificate ${caller.files.cert}; proxy_ssl_certificate_key ${caller.files.key};
         proxy_ssl_trusted_certificate ${caller.files.ca}; proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_name callee; } }`,
    nginxOut,
  );
  const script = join(here, 'pipe-process.mjs');
  const pipeCallee = await node(
    script,
    [JSON.stringify({ listen: pipeIn, upstream: backend, tlsIn: true, files: callee.files })],
    pipeIn,
  );
  const pipeCaller = await node(
    script,
    [JSON.stringify({ listen: pipeOut, upstream: pipeIn, tlsOut: true, files: caller.files })],
    pipeOut,
  );
  started.push(nginxCallee, nginxCaller, pipeCallee, pipeCaller);
  return measure('mutual TLS between two sidecars', options, [
    { name: 'tricordon', port: callerAt.routes[0].listen.port, processes: [callerProcess, calleeProcess] },
    { name: 'nginx', port: nginxOut, processes: [nginxCaller, nginxCallee] },
    { name: 'node byte pipe', port: pipeOut, processes: [pipeCaller, pipeCallee] },
  ]);
}

function decisions() {
  const compiled = compileContract(versioned(calleeContract));
  const request = { caller: `spiffe://${trustDomain}/service/caller`, callerService: 'caller', method: 'GET', path };
  for (let count = 0; count < 200_000; count += 1) compiled.decideServe(request);
  const total = 2_000_000;
  const began = performance.now();
  let allowed = 0;
  for (let count = 0; count < total; count += 1) if (compiled.decideServe(request).effect === 'allow') allowed += 1;
  const perSecond = Math.round((total / (performance.now() - began)) * 1_000);
  if (allowed !== total) throw new Error('the measured decision is not an allow');
  return { case: 'decisions, 50 operations', metric: 'decisions per second', ours: perSecond, peers: {}, ratio: {} };
}

function versioned(contract) {
  return { ...initialVersion(contract.service, 'bench', 0), contract, version: 1, digest: contractDigest(contract) };
}

function replacePort(contract, port) {
  return JSON.parse(JSON.stringify(contract).replaceAll(`tcp/${servicePort}`, `tcp/${port}`));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const result = await hop({ rounds: Number(process.argv[2] ?? 5), seconds: Number(process.argv[3] ?? 3) });
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  for (const { peer, reason } of result.missing ?? []) process.stderr.write(`hop: no ${peer}: ${reason}\n`);
  process.exitCode = result.missing === undefined ? 0 : 3;
}
