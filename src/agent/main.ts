/**
 * The agent of one host: identities, sidecars, sensor and spool put together.
 * `node main.js --settings FILE [--keys DESCRIPTOR]`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  announce,
  cgroup2Mount,
  codeOf,
  exec,
  type Family,
  isDiskFull,
  isRunning,
  landlockVersion,
  logger,
  messageOf,
  skewed,
  systemClock,
  TricordonError,
  version,
  watchProcess,
} from '../base/index.js';
import {
  createSvidSource,
  generateKeyPair,
  keepSealingRing,
  type KeyPlace,
  openSealingRing,
  serveWorkloadApi,
  type Svid,
  svidFrom,
  takeOver,
} from '../identity/index.js';
import {
  type Attestation,
  type ContractVersion,
  type Observation,
  type PlaneSnapshot,
  serviceId,
} from '../model/index.js';
import { holdsRuntime, loosened } from '../contract/index.js';
import { type Glimpse, type Look, startSensor, straceArguments, type Target } from '../sensor/index.js';
import { openSpool } from '../store/index.js';
import { attestLaunch } from './attestation.js';
import { type Carrier, createCarrier } from './actions.js';
import { bestRung, helperHands, ownHands } from './confine/index.js';
import { helperConfinement, ownConfinement } from './confinement.js';
import { Anything, StateAnswer, WorkloadAnswer } from './control-answers.js';
import { controlClient } from './control-client.js';
import { controlTime } from './control-time.js';
import { spoolFacts, watchDisk } from './disk.js';
import { earlyObservations } from './early-observations.js';
import { AgentError } from './errors.js';
import { createGlass } from './glass.js';
import { createGateway, gatewayId } from './gateway.js';
import { type HelperClient, helperClient } from './helper/client.js';
import { establishIdentity } from './host-identity.js';
import type { IdentityHandle } from './issued-identity.js';
import { serveLocalApi } from './local-api.js';
import type { AgentStatus, SpoolRotated } from './local-protocol.js';
import { agentFamilies } from './metrics/collect.js';
import { serveMetrics } from './metrics/listener.js';
import { observationMeter } from './metrics/observation-meter.js';
import { coverageOf, listeningSockets } from './report.js';
import { runtimeCoverage } from './runtime-hold.js';
import { keepPlaneLogs } from './logs.js';
import { readSettings } from './settings.js';
import { keepSpoolPins } from './spool-pins.js';
import { startShipping } from './shipping.js';
import { trustedRoots } from './trusted-roots.js';
import { readAgentState, type WorkloadRecord, writeAgentState } from './workload-record.js';
import { createWorkloads } from './workloads.js';

const { values: given } = parseArgs({ options: { settings: { type: 'string' }, keys: { type: 'string' } } });
const settings = readSettings(given.settings ?? '');
const log = logger('agent');
const boot = randomBytes(6).toString('hex');
const stopping = new AbortController();
// Whatever escapes every handler leaves an unknown state: say it in the log's form and go; the supervisor starts anew.
process.on('uncaughtException', (error) => {
  const hint = error instanceof TricordonError ? error.hint : undefined;
  log.fatal(
    { reason: messageOf(error), ...(hint === undefined ? { err: error } : { hint }) },
    'the agent cannot go on',
  );
  process.exit(1);
});

const subkeys = given.keys === undefined ? [] : takeOver(Number(given.keys));
for (const folder of [
  settings.directory,
  settings.spoolDirectory,
  join(settings.runtimeDir, 'w'),
  join(settings.runtimeDir, 'p'),
  join(settings.runtimeDir, 't'),
]) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}
const statePath = join(settings.directory, 'state.json');
const previous = readAgentState(statePath);

const client = controlClient(settings.controlUrl, settings.protocol);
const time = controlTime(settings.clockSkewMs === 0 ? systemClock : skewed(systemClock, settings.clockSkewMs), client);
const { clock } = time;
const host = await establishIdentity(settings, client, clock, log, subkeys);
await compareTime();
const helper = settings.helper ? openHelper() : undefined;
const spoolKeys: KeyPlace = { directory: settings.directory, name: 'spool.key', purpose: 'spool', subkeys };
const spool = await openSpool({
  directory: settings.spoolDirectory,
  keys: await openSealingRing(spoolKeys),
  keepKeys: (ring) => keepSealingRing(spoolKeys, ring),
  clock,
  log,
  maxBytes: settings.spool.maxBytes,
  maxAgeMs: settings.spool.maxAgeMs,
});
const disk = watchDisk(settings.spoolDirectory, spool, log);
const shipping = startShipping({
  spool: { directory: settings.spoolDirectory, keys: spool.keys },
  client,
  written: () => spool.stats().sequence,
  log,
});
const pinning = keepSpoolPins({ spool, client, maxBytes: settings.spool.maxBytes / 2, log });
const meter = observationMeter();
async function store(batch: readonly Observation[]): Promise<void> {
  await spool.append(batch);
  meter.count(batch);
  shipping.nudge();
}

/** A data plane process stamps with the host's own clock. */
function storeOfPlane(batch: readonly Observation[]): Promise<void> {
  const shift = clock.now() - systemClock.now();
  return store(Math.abs(shift) < 1 ? batch : batch.map((row) => ({ ...row, at: row.at + shift })));
}

const glass = createGlass({
  path: join(settings.directory, 'glass.json'),
  host: settings.host,
  clock,
  log,
  changed: () => {
    distribute();
    reportSoon();
  },
});
const early = earlyObservations((id) => workloads.entry(id)?.record.attestation === null);
let sensorBatch: Observation[] = [];
const sensor = await startSensor({
  host: settings.host,
  boot,
  clock,
  exec,
  sink: (observation) => {
    if (!early.hold(observation)) collect(observation);
  },
  // As root nothing is launched under a tracer: see `collectors` of the sensor.
  collectors: settings.collectors.filter((name) => helper === undefined || name !== 'strace'),
  resumed: previous.workloads.some(({ process }) => process !== null && isRunning(process.pid, process.start)),
  ...(helper === undefined ? {} : { look: helperLook(helper) }),
  ...(helper === undefined
    ? {}
    : { kernel: { sources: helper.tracers, selection: { parents: parentCgroups(), containers: true } } }),
});
function collect(observation: Observation): void {
  sensorBatch.push(observation);
  if (sensorBatch.length === 1) setTimeout(flushSensor, 10);
}
function flushSensor(): Promise<void> {
  const batch = sensorBatch;
  sensorBatch = [];
  if (batch.length === 0) return Promise.resolve();
  return store(batch).catch((error: unknown) =>
    log.error({ error: messageOf(error), lost: batch.length }, 'sensor observations were not stored'),
  );
}

const strace =
  settings.collectors.includes('strace') && helper === undefined
    ? await exec('strace', ['-V'], { timeoutMs: 5_000 })
    : undefined;
const traced = strace?.status === 0;

/** Of the program tree, once. */
let digest: Promise<string> | undefined;
const landlock = await landlockVersion();
let approved: PlaneSnapshot | undefined;
/** As distributed: with what is open. */
let snapshot: PlaneSnapshot | undefined;
let firstSnapshot: () => void = () => {};
const informed = new Promise<void>((resolve) => {
  firstSnapshot = resolve;
});
let revision = -1;
let reachable = false;
let apart: string | null = null;
let reportSoon: () => void = () => {};
const confinement = helper === undefined ? ownConfinement() : helperConfinement(helper);
const hands = helper === undefined ? ownHands : helperHands(helper);
const best = helper === undefined ? await ownRung() : await helper.ask('capture.probe', {});

let rememberLater = false;
const workloads = createWorkloads({
  settings,
  trustDomain: () => host.trustDomain,
  confinement,
  log,
  attest: (record, pid, start) => attestLaunch(record, pid, start, hands),
  identify: async (record, attestation) => {
    const { rung, cgroup } = record.prepared;
    const handle = await identify(record.id, record.request.service, attestation, rung, cgroup);
    // From here on the control plane knows the workload: what was seen of its start can be told.
    for (const observation of early.release(record.id, handle.current()?.id ?? null)) collect(observation);
    return handle;
  },
  announceEnded: (id, status) => {
    client
      .call('POST', `/agent/v1/workloads/${id}/ended`, { status }, Anything)
      .catch((error: unknown) => log.warn({ error: messageOf(error), workload: id }, 'end not announced'));
  },
  publish: (service, listen) => gateway.publish(service, listen),
  unpublish: (service) => gateway.unpublish(service),
  serveIdentity: async (socketPath, current, onChange) => {
    mkdirSync(dirname(socketPath), { recursive: true });
    chmodSync(dirname(socketPath), settings.rootMode ? 0o711 : 0o700);
    const api = await serveWorkloadApi({
      socketPath,
      // The folder above is closed to all but us; the workload gets this socket's own folder mounted.
      mode: settings.rootMode ? 0o666 : 0o600,
      state: () => {
        const svid = current();
        return svid === undefined ? { kind: 'starting' } : { kind: 'ready', svids: [svid], bundles: host.bundles() };
      },
      onChange: (listener) => {
        onChange(listener);
        return host.onTrust(listener);
      },
      logger: log,
    });
    return () => api.close();
  },
  watch: watchWorkload,
  rewatch: (record) => {
    sensor.remove(record.id);
    // The old tracer is dead and its file was read to the end: read again, every act would be seen twice.
    if (traced) rmSync(traceFile(record.id), { force: true });
    watchWorkload(record);
  },
  unwatch: (id) => {
    sensor.remove(id);
    early.release(id, null);
  },
  tracer: (id) =>
    traced
      ? { words: straceArguments({ program: 'strace', output: traceFile(id) }), folder: dirname(traceFile(id)) }
      : undefined,
  runtimeContract: async (service) => {
    await toldOnce();
    const version = contractOf(service);
    return version !== undefined && holdsRuntime(version.contract) ? version : null;
  },
  observations: storeOfPlane,
  changed: () => {
    remember();
    reportSoon();
  },
});

const gateway = createGateway({
  host: settings.host,
  runtimeDir: settings.runtimeDir,
  logDirectory: settings.logDirectory,
  nodePath: settings.nodePath,
  programDir: settings.programDir,
  trustDomain: () => host.trustDomain,
  log,
  identify: async ({ pid, start }) => {
    const attestation: Attestation = {
      kind: 'process',
      pid,
      start,
      executable: settings.nodePath,
      entry: `${settings.programDir}/dist/traffic/main.js`,
      codeDigest: await ownDigest(),
      codeDirectory: `${settings.programDir}/dist`,
      operator: 'tricordon',
      uid: process.getuid?.() ?? 0,
    };
    return identify(gatewayId(settings.host, pid, start), 'gateway', attestation, 'loopback', null);
  },
  observations: storeOfPlane,
  changed: () => {
    remember();
    reportSoon();
  },
});
const roots = trustedRoots({
  trustDomain: host.trustDomain,
  planes: () => planes().map((plane) => plane.revision),
  trust: host.trust,
  log,
});
roots.follow(host.source);
const carrier: Carrier = createCarrier({
  workloads,
  hands,
  client,
  spool: { directory: settings.spoolDirectory, keys: spool.keys },
  settings,
  snapshot: () => snapshot,
  disk: disk.level,
  clock,
  log,
});

/** Tells one key from another, and nothing else of it. */
function spoolKeyId(): string {
  return createHash('sha256').update('spool key').update(spool.keys().current).digest('hex').slice(0, 16);
}

async function rotateSpool(): Promise<SpoolRotated> {
  await spool.rotate(randomBytes(32));
  const older = spool.keys().older.map(({ until }) => ({ until }));
  const from = spool.stats().sequence + 1;
  log.warn({ from }, 'the spool is sealed by a new key');
  return { from, older };
}

/** A full disk must not end what serves: what is remembered is written as soon as there is room. */
function remember(): void {
  try {
    writeAgentState(statePath, { workloads: [...workloads.remembered()], gateway: gateway.process() });
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    log.error({ path: statePath }, 'no space left to remember workloads: tried again');
    if (rememberLater) return;
    rememberLater = true;
    setTimeout(() => {
      rememberLater = false;
      remember();
    }, 1_000).unref();
  }
}

gateway.adopt(
  previous.gateway,
  previous.workloads.flatMap(({ request: { service, publish } }) =>
    publish === null || publish.port === 0 ? [] : [{ service, listen: publish }],
  ),
);
// The one of that time has ended for the control plane and gets no identity again.
if (host.wasRefused) gateway.replace();
const status = (): AgentStatus => ({
  host: settings.host,
  pid: process.pid,
  identity: host.source.current()?.id ?? null,
  controlReachable: reachable && shipping.reachable(),
  versionApart: apart,
  rung: best.rung,
  workloads: workloads.records().map((record) => ({
    id: record.id,
    service: record.request.service,
    state: record.state,
    ready: isReady(record),
    pid: record.process?.pid ?? null,
    published: workloads.entry(record.id)?.published ?? null,
  })),
  planes: planes(),
  sight: sensor.sight(),
  glass: [...glass.open()],
  spool: { ...spoolFacts(spool, pinning.held()), pending: shipping.pending(), maxBytes: settings.spool.maxBytes },
  disk: disk.level(),
});
const readProcess = watchProcess({ version, process: 'agent', startedAt: clock.now() });
const metrics = (): Family[] => [
  ...readProcess(),
  ...agentFamilies({
    status: status(),
    spool: { directory: settings.spoolDirectory, bytes: spool.stats().bytes },
    certificateEnd: host.source.current()?.notAfter,
  }),
  ...meter.families(),
];
const local = await serveLocalApi({
  socketPath: join(settings.runtimeDir, 'agent.sock'),
  workloads,
  glass,
  log,
  status,
  metrics,
  rotateSpool,
});
const open = settings.metricsListen === null ? undefined : serveMetrics(settings.metricsListen, metrics, log);
await workloads.adopt(previous.workloads);
const endLogs = keepPlaneLogs({
  settings,
  live: () => new Set(workloads.records().map(({ id, request }) => `${request.service}-${id.slice(-8)}`)),
  disk: disk.level,
  clock,
  log,
});
const loops = [followState(), keepReporting(), keepChecking(), keepTime()];
announce({ ready: true, host: settings.host, rung: best.rung, coverage: coverage() });

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void shutDown());

/** Lets go of everything: sidecars and workloads run on, the next agent takes them up. */
async function shutDown(): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  disk.stop();
  pinning.stop();
  endLogs();
  open?.close();
  await glass.written();
  local.close();
  local.closeAllConnections();
  await workloads.close();
  gateway.close();
  await sensor.stop();
  await flushSensor();
  await shipping.stop();
  await spool.close();
  host.source.stop();
  client.close();
  helper?.close();
  await Promise.allSettled(loops);
  process.exit(0);
}

async function identify(
  id: string,
  service: string,
  attestation: Attestation,
  capture: string,
  cgroup: string | null,
): Promise<IdentityHandle> {
  const pair = generateKeyPair();
  const answer = await client.call(
    'POST',
    '/agent/v1/workloads',
    { id, service, attestation, capture, cgroup, publicKey: pair.publicKeyPem },
    WorkloadAnswer,
  );
  const source = createSvidSource({
    clock,
    initial: svidFrom(pair.privateKeyPem, answer.svid.chain, serviceId(host.trustDomain, service)),
    expectedId: serviceId(host.trustDomain, service),
    logger: log,
    renew: async (publicKey) =>
      (await client.call('POST', `/agent/v1/workloads/${id}/svid`, { publicKey }, WorkloadAnswer.shape.svid)).chain,
  });
  await source.start();
  const letGo = roots.follow(source);
  return {
    current: () => source.current(),
    onChange: (listener: (svid: Svid) => void) => {
      source.onChange(listener);
    },
    stop: () => {
      letGo();
      source.stop();
    },
  };
}

async function followState(): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      const state = await client.call('GET', `/agent/v1/state?revision=${revision}`, undefined, StateAnswer, {
        timeoutMs: 40_000,
        signal: stopping.signal,
      });
      reachable = true;
      apart = null;
      host.accepted();
      roots.take(state);
      if (state.revision !== revision) take(state);
      carrier.carry(state.actions);
    } catch (error) {
      if (stopping.signal.aborted) return;
      reachable = false;
      // To this question it says no to nobody but whom it does not know (any more).
      if (codeOf(error) === 'control-refused') host.refused(messageOf(error));
      else if (codeOf(error) === 'version-apart') sayApart(error);
      else log.debug({ error: messageOf(error) }, 'no state from the control plane');
      await sleep(500);
    }
  }
}

/** What is in force stays in force, and what is seen waits in the spool. */
function sayApart(error: unknown): void {
  const why = messageOf(error);
  if (apart === why) return;
  apart = why;
  const hint = error instanceof AgentError ? error.hint : undefined;
  log.error({ reason: why, hint }, 'the control plane does not speak with this version');
}

function take(state: StateAnswer): void {
  revision = state.revision;
  approved = {
    schemaVersion: 1,
    revision: state.revision,
    trustDomain: state.trustDomain,
    bundles: state.bundles,
    services: state.services,
    contracts: state.contracts,
    revoked: state.revoked,
    isolated: state.isolated,
  };
  if (state.glass !== undefined) glass.take(state.glass);
  distribute();
  firstSnapshot();
}

/** What was approved, and which parts of it are only noted while the glass is open. */
function distribute(): void {
  if (approved === undefined) return;
  const shift = clock.now() - systemClock.now();
  // A data plane process goes by the host's own clock.
  const open = glass.open().map(({ services, layers, until }) => ({ services, layers, until: until - shift }));
  snapshot = open.length === 0 ? approved : { ...approved, glass: open };
  workloads.distribute(snapshot);
  gateway.distribute(snapshot);
}

function planes(): AgentStatus['planes'] {
  const front = gateway.process();
  const sidecars = workloads.records().map(({ id, request: { service }, plane }) => ({
    service,
    pid: plane.sidecar.pid,
    revision: workloads.entry(id)?.link.revision() ?? null,
  }));
  return front === null
    ? sidecars
    : [{ service: 'gateway', pid: front.sidecar.pid, revision: gateway.revision() }, ...sidecars];
}

/** As it counts now: the launcher holds a command that starts to no more than that. */
function contractOf(service: string): ContractVersion | undefined {
  const version = approved?.contracts.find((one) => one.service === service);
  return version && loosened(version, glass.open());
}

/** What a command may do is not guessed: before the first word of the control plane nothing is started. */
async function toldOnce(): Promise<void> {
  if (snapshot !== undefined) return;
  const late = new AbortController();
  const waited = sleep(20_000, undefined, { signal: late.signal }).catch(() => {});
  await Promise.race([informed, waited]);
  late.abort();
  if (snapshot !== undefined) return;
  throw new AgentError('control-unreachable', 'the contracts are not known yet: the control plane did not answer', {
    hint: 'try again once `tricordon status` shows the control plane',
  });
}

function watchWorkload(record: WorkloadRecord, begun = false): void {
  const { prepared, request } = record;
  const [command] = request.command;
  sensor.add({
    workload: record.id,
    service: record.request.service,
    identity: record.attestation === null ? null : serviceId(host.trustDomain, record.request.service),
    ...(prepared.cgroup === null || prepared.cgroupPath === null
      ? {}
      : { cgroup: { id: String(statSync(prepared.cgroupPath).ino), path: prepared.cgroup } }),
    ...(record.request.image === null ? {} : { layered: true }),
    ...(record.process === null ? {} : { root: record.process }),
    ...(command === undefined || begun ? {} : { command }),
    launcher: `${settings.programDir}/dist/agent/confine/launcher.js`,
    ...(traced ? { trace: traceFile(record.id) } : {}),
  });
}

/** Whoever calls it now gets through to it: attested, in the snapshot in force, and its public door has an identity. */
function isReady(record: WorkloadRecord): boolean {
  const entry = workloads.entry(record.id);
  const endpoint = entry?.link.lastListening()?.inbound;
  const known = snapshot?.services.some(
    (service) =>
      service.service === record.request.service && service.endpoints.some((one) => one.port === endpoint?.port),
  );
  return record.attestation !== null && known === true && (record.request.publish === null || gateway.ready());
}

function coverage() {
  return coverageOf(
    {
      trustDomain: host.trustDomain,
      runtime: runtimeCoverage(sensor.coverage(), landlock, workloads.records(), contractOf),
      rung: best.rung,
      rungGaps: best.passedOver.map((rung) => ({ what: `${rung.name}: ${rung.reason}`, fix: rung.fix })),
    },
    workloads,
  );
}

async function keepReporting(): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      const opened = glass.untold();
      const endpoints = new Map<string, { address: string; port: number }[]>();
      for (const record of workloads.records()) {
        const inbound = workloads.entry(record.id)?.link.lastListening()?.inbound;
        if (inbound === undefined || inbound === null || record.attestation === null) continue;
        endpoints.set(record.request.service, [...(endpoints.get(record.request.service) ?? []), inbound]);
      }
      await client.call(
        'POST',
        '/agent/v1/report',
        {
          coverage: coverage(),
          lost: sensor.lost() + spool.stats().lost,
          sockets: listeningSockets(host.trustDomain, workloads, gateway),
          endpoints: [...endpoints].map(([service, list]) => ({ service, endpoints: list })),
          workloads: workloads
            .records()
            .filter((record) => record.attestation !== null)
            .map((record) => ({ id: record.id, state: record.state })),
          // Of protocol 1 it is not known: it is told when the control plane is upgraded.
          ...(opened.length === 0 || client.protocol() < 2 ? {} : { glass: opened }),
          ...(client.protocol() < 2 ? {} : { roots: roots.facts(), spoolKey: spoolKeyId() }),
        },
        Anything,
      );
      if (client.protocol() >= 2) glass.told(opened);
      // The answer of the long poll may be half a minute away after a restart of the control plane.
      reachable = true;
    } catch (error) {
      if (reachable && codeOf(error) === 'control-refused') log.warn({ error: messageOf(error) }, 'report refused');
    }
    const nap = new AbortController();
    await Promise.race([
      sleep(3_000, undefined, { signal: AbortSignal.any([stopping.signal, nap.signal]) }).catch(() => {}),
      new Promise<void>((resolve) => {
        reportSoon = () => setTimeout(resolve, 20);
      }),
    ]);
    nap.abort();
  }
}

async function keepChecking(): Promise<void> {
  while (!stopping.signal.aborted) {
    await sleep(500, undefined, { signal: stopping.signal }).catch(() => {});
    if (stopping.signal.aborted) return;
    try {
      glass.look();
      await workloads.check();
      await gateway.check();
    } catch (error) {
      log.error({ error: messageOf(error) }, 'a check failed');
    }
  }
}

/** Every half minute, and at once when the wall clock was stepped. */
async function keepTime(): Promise<void> {
  for (let waited = 0; !stopping.signal.aborted; waited += 500) {
    await sleep(500, undefined, { signal: stopping.signal }).catch(() => {});
    if (stopping.signal.aborted || (waited < 30_000 && !time.stepped())) continue;
    waited = 0;
    await compareTime();
  }
}

async function compareTime(): Promise<void> {
  const before = time.behind();
  await time.compare().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'time not compared'));
  if (Math.abs(time.behind() - before) > 1_000)
    log.warn(
      { behindMs: Math.round(time.behind()) },
      "this host's clock is not the control plane's: corrected in what it reports",
    );
}

function openHelper(): HelperClient {
  return helperClient(new Socket({ fd: 3, readable: true, writable: true }));
}

/** Processes of workloads are other users', whom we see only through the helper. */
function helperLook({ ask }: HelperClient): Look {
  return async (targets) => {
    const looks = targets.map(async (target): Promise<[Target, readonly Glimpse[]]> => {
      const record = workloads.entry(target.workload)?.record;
      if (record === undefined) return [target, []];
      return [target, await ask('processes.look', { prepared: record.prepared, command: record.process })];
    });
    return new Map(await Promise.all(looks));
  };
}

async function ownRung() {
  const { rung, passedOver } = await bestRung();
  return { rung: rung.name, passedOver };
}

function parentCgroups(): string[] {
  const path = join(cgroup2Mount() ?? '', 'tricordon', settings.instance);
  return existsSync(path) ? [String(statSync(path).ino)] : [];
}

function traceFile(id: string): string {
  const folder = join(settings.runtimeDir, 't', id.slice(-8));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, 'trace');
}

function ownDigest(): Promise<string> {
  digest ??= import('../identity/index.js').then(({ codeTree, wholeDigest }) =>
    wholeDigest(codeTree(`${settings.programDir}/dist`)),
  );
  return digest;
}
