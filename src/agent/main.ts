/**
 * The agent of one host: identities, sidecars, sensor and spool put together.
 * `node main.js --settings FILE [--keys DESCRIPTOR]`.
 */
import { mkdirSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  announce,
  type Family,
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
import { holdsRuntime } from '../contract/index.js';
import { takeOver } from '../identity/index.js';
import type { Observation } from '../model/index.js';
import { createCarrier } from './actions.js';
import { keepAgentState, readAgentState } from './agent-state.js';
import { agentStatus, planesOf } from './agent-status.js';
import { approvedState } from './approved-state.js';
import { attestGateway, attestLaunch } from './attestation.js';
import { helperHands, ownHands } from './confine/index.js';
import { helperConfinement, ownConfinement, ownRung } from './confinement.js';
import { Anything } from './control-answers.js';
import { controlClient } from './control-client.js';
import { controlContact } from './control-contact.js';
import { compareTime, controlTime, keepTime } from './control-time.js';
import { watchDisk } from './disk.js';
import { createGateway, gatewayId } from './gateway.js';
import { createGlass } from './glass.js';
import { helperClient } from './helper/client.js';
import { establishIdentity } from './host-identity.js';
import { startHostSensor } from './host-sensor.js';
import { openHostSpool, rotateSpool, spoolKeyId } from './host-spool.js';
import { type Attested, issueIdentity } from './issued-identity.js';
import { serveLocalApi } from './local-api.js';
import { keepPlaneLogs } from './logs.js';
import { agentFamilies } from './metrics/collect.js';
import { serveMetrics } from './metrics/listener.js';
import { observationMeter } from './metrics/observation-meter.js';
import { coverageOf } from './report.js';
import { createReporting } from './reporting.js';
import { runtimeCoverage } from './runtime-hold.js';
import { readSettings } from './settings.js';
import { startShipping } from './shipping.js';
import { keepSpoolPins } from './spool-pins.js';
import { followState } from './state-following.js';
import { trustedRoots } from './trusted-roots.js';
import { lookAfter } from './upkeep.js';
import { serveWorkloadSocket } from './workload-socket.js';
import { createWorkloads } from './workloads.js';

const { values: given } = parseArgs({ options: { settings: { type: 'string' }, keys: { type: 'string' } } });
const settings = readSettings(given.settings ?? '');
const log = logger('agent');
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

// What the last agent left, and who we are.
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
const { trustDomain } = host;
await compareTime(time, log);

// The hands: the helper's as root, our own otherwise.
const helper = settings.helper ? helperClient(new Socket({ fd: 3, readable: true, writable: true })) : undefined;
const confinement = helper === undefined ? ownConfinement() : helperConfinement(helper);
const hands = helper === undefined ? ownHands : helperHands(helper);

// What is observed goes into the spool, and from there to the control plane.
const spool = await openHostSpool(settings, subkeys, clock, log);
const sealed = { directory: settings.spoolDirectory, keys: spool.keys };
const disk = watchDisk(settings.spoolDirectory, spool, log);
const shipping = startShipping({ spool: sealed, client, written: () => spool.stats().sequence, log });
const pinning = keepSpoolPins({ spool, client, maxBytes: settings.spool.maxBytes / 2, log });
const meter = observationMeter();

// What the control plane says counts here, loosened by what is open.
const contact = controlContact(log);
const reporting = createReporting({ client, contact, log });
const glass = createGlass({
  path: join(settings.directory, 'glass.json'),
  host: settings.host,
  clock,
  log,
  changed: () => {
    approved.distribute();
    reporting.soon();
  },
});
const approved = approvedState({
  glass,
  clock,
  distribute: (snapshot) => {
    workloads.distribute(snapshot);
    gateway.distribute(snapshot);
  },
});

const sensor = await startHostSensor({
  settings,
  trustDomain,
  helper,
  resumed: previous.workloads.some(({ process }) => process !== null && isRunning(process.pid, process.start)),
  recordOf: (id) => workloads.entry(id)?.record,
  store,
  clock,
  log,
});
const landlock = await landlockVersion();
const best = helper === undefined ? await ownRung() : await helper.ask('capture.probe', {});

const roots = trustedRoots({
  trustDomain,
  planes: () => planesOf(workloads, gateway).map((plane) => plane.revision),
  trust: host.trust,
  log,
});
roots.follow(host.source);
const remember = keepAgentState(
  statePath,
  () => ({ workloads: [...workloads.remembered()], gateway: gateway.process() }),
  log,
);
const workloads = createWorkloads({
  settings,
  trustDomain: () => trustDomain,
  confinement,
  log,
  attest: (record, pid, start) => attestLaunch(record, pid, start, hands),
  identify: async ({ id, request: { service }, prepared: { rung, cgroup } }, attestation) => {
    const handle = await issue({ id, service, attestation, capture: rung, cgroup });
    sensor.known(id, handle.current()?.id ?? null);
    return handle;
  },
  announceEnded: (id, status) => {
    client
      .call('POST', `/agent/v1/workloads/${id}/ended`, { status }, Anything)
      .catch((error: unknown) => log.warn({ error: messageOf(error), workload: id }, 'end not announced'));
  },
  publish: (service, listen) => gateway.publish(service, listen),
  unpublish: (service) => gateway.unpublish(service),
  serveIdentity: (socketPath, current, onChange) =>
    serveWorkloadSocket(socketPath, current, onChange, { host, rootMode: settings.rootMode, log }),
  watch: sensor.watch,
  rewatch: sensor.rewatch,
  unwatch: sensor.unwatch,
  tracer: sensor.tracer,
  // What a command may do is not guessed: before the first word of the control plane nothing is started.
  runtimeContract: async (service) => {
    await approved.known();
    const version = approved.contractOf(service);
    return version !== undefined && holdsRuntime(version.contract) ? version : null;
  },
  observations: storeOfPlane,
  changed,
});
const attestedGateway = attestGateway(settings);
const gateway = createGateway({
  host: settings.host,
  runtimeDir: settings.runtimeDir,
  logDirectory: settings.logDirectory,
  nodePath: settings.nodePath,
  programDir: settings.programDir,
  trustDomain: () => trustDomain,
  log,
  identify: async ({ pid, start }) =>
    issue({
      id: gatewayId(settings.host, pid, start),
      service: 'gateway',
      attestation: attestedGateway({ pid, start }),
      capture: 'loopback',
      cgroup: null,
    }),
  observations: storeOfPlane,
  changed,
});
const carrier = createCarrier({
  workloads,
  hands,
  client,
  spool: sealed,
  settings,
  snapshot: approved.snapshot,
  disk: disk.level,
  clock,
  log,
});

// What runs since before is taken up: the gateway first, so that no public door is closed meanwhile.
gateway.adopt(
  previous.gateway,
  previous.workloads.flatMap(({ request: { service, publish } }) =>
    publish === null || publish.port === 0 ? [] : [{ service, listen: publish }],
  ),
);
// The one of that time has ended for the control plane and gets no identity again.
if (host.wasRefused) gateway.replace();
const status = () =>
  agentStatus({
    settings,
    host,
    contact,
    rung: best.rung,
    workloads,
    gateway,
    snapshot: approved.snapshot,
    sensor,
    glass,
    spool,
    pinned: pinning.held,
    shipping,
    disk: disk.level,
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
  rotateSpool: () => rotateSpool(spool, log),
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

const { signal } = stopping;
const lost = () => sensor.lost() + spool.stats().lost;
const loops = [
  followState({ client, contact, host, roots, approved, carrier, log, signal }),
  reporting.keepUp(
    { trustDomain, workloads, gateway, glass, roots, coverage, spoolKey: () => spoolKeyId(spool), lost },
    signal,
  ),
  lookAfter({ glass, workloads, gateway }, log, signal),
  keepTime(time, log, signal),
];
announce({ ready: true, host: settings.host, rung: best.rung, coverage: coverage() });

for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => void shutDown());

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
  await shipping.stop();
  await spool.close();
  host.source.stop();
  client.close();
  helper?.close();
  await Promise.allSettled(loops);
  process.exit(0);
}

function changed(): void {
  remember();
  reporting.soon();
}

function issue(attested: Attested) {
  return issueIdentity(attested, { client, trustDomain, roots, clock, log });
}

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

function coverage() {
  return coverageOf(
    {
      trustDomain,
      runtime: runtimeCoverage(sensor.coverage(), landlock, workloads.records(), approved.contractOf),
      rung: best.rung,
      rungGaps: best.passedOver.map((rung) => ({ what: `${rung.name}: ${rung.reason}`, fix: rung.fix })),
    },
    workloads,
  );
}
