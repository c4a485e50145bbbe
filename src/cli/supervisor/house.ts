/** Starts and supervises everything of one host: PostgreSQL, control plane, privileged helper, agent, services. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Account, logger, messageOf, systemClock } from '../../base/index.js';
import type { EnrolToken, LoginLink } from '../../server/index.js';
import { clusterHealth, discoverCluster, holdLock, type RunningCluster, startCluster } from '../../store/index.js';
import { AgentStatus, isEnrolled, leftovers } from '../../agent/index.js';
import { askAgent } from '../agent-socket.js';
import { openApi, readAccess } from '../api.js';
import { handOver } from '../../identity/index.js';
import { followAccess } from './access.js';
import { CliError } from '../command.js';
import { endRootChange, openRootKey, passphraseForOldKeys } from '../keys/root-key.js';
import { patientApi } from '../patient-api.js';
import { addressAndPort, type Installation, metricsListen } from '../installation.js';
import { alive, entryOf, type ProcessEntry, readState, stopAll } from '../state-file.js';
import { keepState } from './kept-state.js';
import { keepLogs } from './logs.js';
import { type Places, preparePlaces } from './places.js';
import { superviseAgent } from './agent-side.js';
import { writeFor } from './secret-file.js';
import { type Supervised, supervise } from './supervised.js';
import { startService } from './service.js';

export interface House {
  readonly places: Places;
  readonly consoleUrl: string;
  readonly loginUrl: string;
  readonly fingerprint: string;
  /** Stops everything that was started; data stays. */
  stop(): Promise<void>;
}

export interface HouseOptions {
  readonly say: (line: string) => void;
  readonly user: string | undefined;
  readonly demo: boolean;
}

export async function startHouse(installation: Installation, options: HouseOptions): Promise<House> {
  const { dataDir, runtimeDir, configuration, rootMode } = installation;
  const { say } = options;
  const places = await preparePlaces(installation);
  const lock = await holdLock(join(dataDir, 'up.lock'), systemClock);
  const logs = { bytes: configuration.logs.megabytes * 1_048_576, files: configuration.logs.files };
  const endLogs = keepLogs(dataDir, logs, say);
  let endAccess = () => {};
  const log = logger('up', 'warn');
  const began = performance.now();
  const since = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  const running: Supervised[] = [];
  let cluster: RunningCluster | undefined;
  let services: ProcessEntry[] = [];
  let stopping = false;
  const console_ = { url: '', fingerprint: '' };

  const previous = readState(dataDir);
  if (previous !== undefined) {
    services = previous.services.filter(alive);
    // Their sockets to us died with our predecessor; sidecars, inlets and commands are not among them and run on.
    const left = previous.processes.filter((entry) => entry.name !== 'postgresql').filter(alive);
    if (left.length > 0)
      say(`taking over from a supervisor that was killed (${left.map((entry) => entry.name).join(', ')})`);
    await stopAll(left, 5_000);
  }
  const current = () => {
    const entries = running.flatMap((one) => one.entry() ?? []);
    if (cluster?.pid !== undefined && cluster.pid !== null) entries.push(entryOf('postgresql', cluster.pid));
    return {
      schemaVersion: 1 as const,
      rootMode,
      runtimeDir,
      supervisor: entryOf('up', process.pid),
      processes: entries,
      services,
      console: console_.url === '' ? null : console_.url,
      fingerprint: console_.fingerprint === '' ? null : console_.fingerprint,
      agentSocket: join(places.agentRuntimeDir, 'agent.sock'),
      program: { programDir: places.programDir, nodePath: places.nodePath },
      demo: options.demo,
    };
  };
  const state = keepState({ dataDir, current, say });
  const { save } = state;
  const events = {
    changed: save,
    restarting: (name: string, why: string) => {
      if (!stopping) say(`${name} ended (${why}), starting it again`);
    },
  };

  try {
    save();
    const rootKey = await openRootKey(installation, places.keys);
    const passphraseFile = await passphraseForOldKeys(installation);
    const clusterOptions = {
      dataDir,
      runtimeDir,
      clock: systemClock,
      log,
      ...(configuration.database.url === undefined ? {} : { databaseUrl: configuration.database.url }),
      ...(places.control === undefined ? {} : { account: places.control }),
    };
    const plan = await discoverCluster(clusterOptions);
    cluster = await startCluster(plan, clusterOptions);
    save();
    say(`PostgreSQL ${cluster.version ?? 'of yours'} ${cluster.attach ? 'attached' : 'ready'} (${since()})`);
    let complaint = '';
    const complain = (line: string) => {
      if (line !== complaint) say(line);
      complaint = line;
    };
    const watchCluster = setInterval(() => {
      if (stopping || cluster === undefined || cluster.kind === 'external') return;
      const current = cluster;
      clusterHealth(current.connection, 5_000)
        .then(async (health) => {
          if (health.ok || stopping || cluster !== current) return;
          if (complaint === '') say('PostgreSQL does not answer, starting it again');
          cluster = await startCluster(plan, clusterOptions);
          say('PostgreSQL answers again');
          complaint = '';
          save();
        })
        .catch((error: unknown) => complain(`PostgreSQL does not come back: ${messageOf(error)}`));
    }, 1_000);
    watchCluster.unref();

    const control = supervise(
      {
        name: 'control',
        file: places.nodePath,
        args: [
          join(places.programDir, 'dist/server/main.js'),
          '--config',
          controlConfig(installation, places, cluster, passphraseFile),
        ],
        cwd: '/',
        log: join(dataDir, 'log/control.log'),
        keys: () => handOver(rootKey.subkeys(['authority', 'evidence', 'people', 'console'])),
        ...ids(places.control),
      },
      events,
    );
    running.push(control);
    control.start();
    const ready = await control.ready(120_000);
    // A control plane that is started again must be found where the first one was, also when its ports were free ones.
    controlConfig(installation, places, cluster, passphraseFile, {
      console: portOf(ready['consoleUrl']),
      agents: portOf(ready['agentUrl']),
    });
    console_.url = String(ready['consoleUrl']);
    console_.fingerprint = String(ready['fingerprint']);
    endAccess = followAccess(dataDir);
    save();
    say(`control plane ready (${since()})`);
    const api = patientApi(openApi(readAccess(dataDir)), { who: 'the control plane', say });

    const agentSide = superviseAgent({
      places,
      rootKey,
      events,
      settings: {
        host: installation.host,
        controlUrl: String(ready['agentUrl']),
        controlFingerprint: String(ready['caFingerprint']),
        meshAddress: configuration.mesh.address,
        collectors: configuration.sensor.collectors,
        metricsListen: metricsListen(configuration),
        spool: {
          maxBytes: configuration.spool.maxMegabytes * 1_048_576,
          maxAgeMs: configuration.spool.maxDays * 86_400_000,
        },
        logs,
      },
      token: await enrolToken(
        places,
        String(ready['caFingerprint']),
        async () => (await api.post<EnrolToken>('/v1/enrolment-tokens', { host: installation.host })).token,
      ),
    });
    running.push(...agentSide.processes);
    for (const one of agentSide.processes) one.start();
    await agentSide.agent.ready(120_000);
    save();
    await endRootChange(installation, rootKey);
    say(`agent ready (${since()})`);

    // Known before any of them runs: who calls another one at once meets a peer that is not ready, not a stranger.
    for (const { name: service, labels } of configuration.services)
      await api.post('/v1/services', { service, ...(labels === undefined ? {} : { labels }) });
    for (const service of configuration.services) {
      if (services.some((entry) => entry.name === service.name)) continue;
      services.push(startService(service, { installation, places, user: options.user }));
      save();
    }
    await servicesUp(
      join(places.agentRuntimeDir, 'agent.sock'),
      configuration.services.map((service) => service.name),
      () => services,
    );
    if (configuration.services.length > 0)
      say(`services ready: ${configuration.services.map((service) => service.name).join(', ')} (${since()})`);

    const link = await api.post<LoginLink>('/v1/login-links', {});
    return {
      places,
      consoleUrl: console_.url,
      loginUrl: link.url,
      fingerprint: console_.fingerprint,
      stop: async () => {
        stopping = true;
        state.end();
        clearInterval(watchCluster);
        await stopServices(services);
        for (const one of [...running].reverse()) await one.stop(10_000);
        // The gateway, and what a service left: they outlive the agent on purpose, but not a stop that was asked for.
        await leftovers({ dataDir, instance: places.instance });
        await cluster?.stop();
        endAccess();
        endLogs();
        rmSync(join(dataDir, 'state.json'), { force: true });
        await lock.release();
      },
    };
  } catch (error) {
    stopping = true;
    state.end();
    await stopServices(services);
    for (const one of [...running].reverse()) await one.stop(5_000);
    await leftovers({ dataDir, instance: places.instance }).catch(() => []);
    await cluster?.stop().catch(() => {});
    endAccess();
    endLogs();
    rmSync(join(dataDir, 'state.json'), { force: true });
    await lock.release();
    throw error;
  }
}

/** Asks each `run` to end its command; what does not end is killed. */
export async function stopServices(services: readonly ProcessEntry[]): Promise<void> {
  await stopAll(services, 15_000);
}

/** Waits until the agent has attested every service; one that ended meanwhile is an error with its log. */
async function servicesUp(
  socket: string,
  names: readonly string[],
  entries: () => readonly ProcessEntry[],
): Promise<void> {
  const deadline = performance.now() + 180_000;
  for (;;) {
    // No answer: it is being started again.
    const status = await askAgent(socket, 'GET', '/status', undefined, AgentStatus).catch((error: unknown) => {
      if (error instanceof CliError && (error.code === 'not-running' || error.code === 'unreachable')) return undefined;
      throw error;
    });
    const missing = names.filter(
      (name) => status?.workloads.some((workload) => workload.service === name && workload.ready) !== true,
    );
    if (missing.length === 0) return;
    const ended = entries().find((entry) => missing.includes(entry.name) && !alive(entry));
    if (ended !== undefined)
      throw new CliError('prerequisite', `service \`${ended.name}\` ended at once`, {
        hint: `see log/${ended.name}.log in the data directory`,
      });
    if (performance.now() > deadline)
      throw new CliError('prerequisite', `not ready after 3 minutes: ${missing.join(', ')}`, {
        hint: 'see the logs in the data directory',
      });
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

function ids(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
}

/** A port that is given stands in place of the one asked for. */
function controlConfig(
  installation: Installation,
  places: Places,
  cluster: RunningCluster,
  passphraseFile: string | null,
  given: { readonly console?: number; readonly agents?: number } = {},
): string {
  const { configuration, dataDir } = installation;
  return writeFor(places.control, join(dataDir, 'keys/control.json'), {
    schemaVersion: 1,
    instance: places.instance,
    trustDomain: configuration.trustDomain,
    keysDir: join(dataDir, 'keys/ca'),
    evidenceDir: join(dataDir, 'evidence'),
    consoleDir: join(places.programDir, 'dist/ui'),
    database: cluster.connection,
    console: { ...addressAndPort(configuration.console.listen), ...portFrom(given.console) },
    agents: { ...addressAndPort(configuration.agents.listen), ...portFrom(given.agents) },
    advertise: configuration.agents.advertise ?? null,
    svidTtlMs: configuration.identity.svidMinutes * 60_000,
    passphraseFile,
    users: configuration.users.issuers.map(({ issuer, audiences, jwks }) => ({
      issuer,
      audiences,
      keys: jwks.includes('://') ? jwks : resolve(installation.base, jwks),
    })),
    fourEyes: configuration.approval.fourEyes,
    bindSessions: configuration.console.bindSessions,
    notify:
      configuration.notify.command === undefined || configuration.notify.to === undefined
        ? null
        : { command: configuration.notify.command, to: configuration.notify.to },
    retention: {
      observations: limit(configuration.retention.observations),
      decisions: limit(configuration.retention.decisions),
      evidence: limit(configuration.retention.evidence),
    },
    accessFile: join(dataDir, 'keys/access.json'),
  });
}

function limit({ days, megabytes }: { days: number; megabytes: number }): { days: number; bytes: number } {
  return { days, bytes: megabytes * 1_048_576 };
}

function portFrom(port: number | undefined): { port?: number } {
  return port === undefined ? {} : { port };
}

/** Of an `https:` URL, where 443 is not written. */
function portOf(url: unknown): number {
  const { port } = new URL(String(url));
  return port === '' ? 443 : Number(port);
}

async function enrolToken(
  places: Places,
  fingerprint: string,
  make: () => Promise<string>,
): Promise<string | undefined> {
  return isEnrolled(places.dataDir, systemClock.now(), fingerprint) ? undefined : make();
}
