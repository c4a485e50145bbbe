// The sidecar hop: CPU per request against nginx as the same hop and against a bare Node byte pipe, in alternating
// rounds of one run. Load by wrk: 64 connections, answers of 1 KB, keep-alive. `ratio` over 1: ours is better.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock, which } from '../../dist/base/index.js';
import { compileContract, contractDigest, initialVersion } from '../../dist/contract/index.js';
import { generateKeyPair, openCertificateAuthority } from '../../dist/identity/index.js';
import { calleeContract, callerContract, port as servicePort } from './contracts.mjs';

const run = promisify(execFile);
const here = new URL('.', import.meta.url).pathname;
const trustDomain = 'bench.test';
const ticksPerSecond = 100; // USER_HZ of Linux on x64 and arm64
const path = '/items/42';

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

async function measure(name, { rounds, seconds, connections }, candidates) {
  const samples = new Map(candidates.map((candidate) => [candidate.name, []]));
  for (const candidate of candidates) await load(candidate.port, 1, connections);
  for (let round = 0; round < rounds; round += 1) {
    for (const candidate of candidates) {
      const before = cpuOf(candidate.processes);
      const requests = await load(candidate.port, seconds, connections);
      const micros = ((cpuOf(candidate.processes) - before) / ticksPerSecond) * 1e6;
      samples.get(candidate.name).push(micros / requests);
    }
  }
  const [ours, ...peers] = candidates.map((candidate) => ({
    name: candidate.name,
    ...summary(samples.get(candidate.name)),
  }));
  return [
    {
      case: name,
      metric: 'CPU microseconds per request (user and system, all processes of the hop)',
      ours,
      peers,
      ratio: Number((peers[0].median / ours.median).toFixed(3)),
    },
  ];
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
  return {
    case: 'decisions, 50 operations',
    metric: 'decisions per second',
    ours: { name: 'tricordon', median: perSecond },
    peers: [],
    ratio: null,
  };
}

/** @returns requests answered; throws when any was not answered with 2xx or 3xx */
async function load(port, seconds, connections) {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, `http://127.0.0.1:${port}${path}`];
  const { stdout } = await run(...pinned(1, 'wrk', args));
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout);
  const errors = /Socket errors: (.*)/.exec(stdout);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  if (bad !== null || requests === 0) throw new Error(`wrk on port ${port}: ${stdout}`);
  if (errors !== null && !/connect 0, read 0, write 0/.test(errors[1]))
    throw new Error(`wrk on port ${port}: ${errors[0]}`);
  return requests;
}

function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (value) => Number(value.toFixed(1));
  return { median: round(sorted[sorted.length >> 1]), best: round(sorted[0]), worst: round(sorted.at(-1)) };
}

/** Proxies on the first core, load and back end on the second, where there are two. */
function pinned(core, file, args) {
  return cpus().length > 1 && which('taskset') !== undefined
    ? ['taskset', ['-c', String(core), file, ...args]]
    : [file, args];
}

async function node(script, args, port) {
  const [file, list] = pinned(0, process.execPath, [script, ...args]);
  const child = spawn(file, list, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (port !== undefined) await open(port);
  return { pids: () => [child.pid], stop: () => stop(child) };
}

async function nginx(folder, name, http, port) {
  const config = join(folder, `${name}.conf`);
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/${name}.pid; error_log stderr crit; worker_processes 1;
     events { worker_connections 4096; }
     http { access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
       uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; ${http} }`,
  );
  const [file, list] = pinned(name === 'backend' ? 1 : 0, 'nginx', ['-c', config, '-e', 'stderr', '-p', folder]);
  const child = spawn(file, list, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (name !== 'backend') await open(port);
  return { pids: () => [child.pid], stop: () => stop(child) };
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Fields 14 and 15 of `/proc/PID/stat`, all threads. */
function cpuOf(processes) {
  let ticks = 0;
  for (const pid of processes.flatMap((one) => one.pids())) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks;
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function open(port) {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const opened = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (opened) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** A small agent: acknowledges every record, as the product's agent does. */
async function attach(control) {
  let socket;
  for (let attempt = 0; socket === undefined && attempt < 500; attempt += 1) {
    const made = connect(control);
    const opened = await new Promise((resolve) => {
      made.once('connect', () => resolve(true));
      made.once('error', () => resolve(false));
    });
    if (opened) socket = made;
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (socket === undefined) throw new Error(`no control socket at ${control}`);
  const say = (message) => socket.write(`${JSON.stringify(message)}\n`);
  const waiting = [];
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    let last = 0;
    for (const line of lines) {
      const seq = /^\{"type":"observation","seq":(\d+)/.exec(line);
      if (seq !== null) last = Number(seq[1]);
      else {
        const message = JSON.parse(line);
        if (message.type === 'problem') throw new Error(message.message);
        const at = waiting.findIndex((waiter) => waiter.type === message.type);
        if (at >= 0) waiting.splice(at, 1)[0].resolve(message);
      }
    }
    if (last > 0) say({ type: 'ack', seq: last });
  });
  return {
    say,
    ask: (message, type) =>
      new Promise((resolve) => {
        waiting.push({ type, resolve });
        say(message);
      }),
    close: () => socket.destroy(),
  };
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
  process.exitCode = result.missing === undefined ? 0 : 3;
}
