/** Builds everything once, opens the doors last, closes them first. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import {
  type Clock,
  codeOf,
  type Logger,
  loggedDiskWatch,
  messageOf,
  steady,
  tally,
  watchProcess,
} from '../base/index.js';
import { openCertificateAuthority, type Subkey } from '../identity/index.js';
import { auditCheckpoint, openStore, type Store, StoreError } from '../store/index.js';
import { leaveAccess } from './access-file.js';
import { agentListener } from './agents/listener.js';
import { createPasswords } from './auth/passwords.js';
import { openPeopleKey } from './auth/people-key.js';
import { createThrottle } from './auth/throttle.js';
import { publishRoots } from './authority/published.js';
import {
  consoleCertificate,
  controlPlaneSvid,
  listenerNames,
  newConsoleCertificate,
  renewBeforeMs,
} from './certificates.js';
import { createChanges, revisionKey } from './changes.js';
import { databaseDisk, type ServerConfig } from './config.js';
import type { Addresses, Context } from './context.js';
import { openDoors } from './doors.js';
import { ServerError } from './errors.js';
import { tellEvidenceKey } from './evidence/key-change.js';
import { evidenceSpace } from './evidence/space.js';
import { consoleListener } from './http/console-listener.js';
import { startRotating } from './jobs/authority.js';
import { tellKeyChange } from './key-changes.js';
import { startCheckpoints } from './jobs/checkpoints.js';
import { startJudging } from './jobs/judge.js';
import { createLearning } from './jobs/learning.js';
import { startClosing } from './jobs/glass.js';
import { createRetention } from './jobs/retention.js';
import { startUpkeep } from './jobs/upkeep.js';
import { startReadingKeys } from './jobs/user-keys.js';
import { revisionBoard } from './live/revision.js';
import { createMailer } from './notify/mail.js';
import { liveStream } from './live/stream.js';
import { requestMeter } from './metrics/request-meter.js';
import { trafficWindow } from './views/traffic-window.js';

export interface ServerOptions {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  /** Seal the keys on disk; none: they lie there as they are. */
  readonly subkeys?: readonly Subkey[];
  /** Ends the waiting for a database that does not come. */
  readonly signal: AbortSignal;
  /** A store that is open already (tests); else the configured database is opened, and waited for. */
  readonly store?: Store;
}

export interface RunningServer {
  readonly addresses: Addresses;
  readonly context: Context;
  close(): Promise<void>;
}

/** Undefined when told to stop before the database answered. @throws ServerError `port-in-use`, `config` */
export async function startServer(options: ServerOptions): Promise<RunningServer | undefined> {
  /** What has to be ended, last opened first; also when the start fails half way. */
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const context = await start(options, closers);
    return context === undefined ? undefined : { addresses: context.addresses, context, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: ServerOptions, closers: (() => unknown)[]): Promise<Context | undefined> {
  const { config, clock, subkeys = [] } = options;
  const authority = await openAuthority(options);
  await mkdir(config.evidenceDir, { recursive: true, mode: 0o700 });
  const store = options.store ?? (await openWhenThere(options));
  if (store === undefined) return undefined;
  if (options.store === undefined) closers.push(() => store.close());
  const context = await createContext(options, store, authority);
  await publishRoots(context);
  await tellKeys(context, subkeys);
  closers.push(await startReadingKeys(context));
  const stop = new AbortController();
  const judging = await startJudging(context, stop.signal);
  closers.push(() => {
    stop.abort();
    return judging.ended;
  });
  closers.push(startUpkeep(context), startClosing(context), context.retention.start(), await startCheckpoints(context));

  const tls = await consoleCertificate(authority, config, subkeys, clock.now());
  const svid = controlPlaneSvid(authority);
  const names = new Set(listenerNames(config).map((name) => (name.includes(':') ? `[${name}]` : name)));
  const people = consoleListener(context, { key: tls.key, cert: tls.cert }, () => names);
  const agents = agentListener(context, {
    key: svid.key,
    cert: svid.cert,
    ca: [...authority.bundle()],
    requestCert: true,
    // Checked by us on every request, so that enrolment can come without one.
    rejectUnauthorized: false,
  });
  closers.push(async () => {
    context.live.close();
    context.board.close();
    await Promise.all([people.close(), agents.close()]);
  });
  await listen(people, config.console);
  await listen(agents, config.agents);
  context.addresses.consoleUrl = urlOf(config.console.address, portOf(people));
  context.addresses.agentUrl = urlOf(config.advertise ?? config.agents.address, portOf(agents));
  context.addresses.caFingerprint = authority.roots.oldest().fingerprint;
  await leaveAccess(context);
  context.doors = openDoors(context, [
    {
      name: 'console',
      app: people,
      current: tls,
      anew: () => newConsoleCertificate(authority, config, subkeys),
      next: () => consoleCertificate(authority, config, subkeys, clock.now()),
      renewBeforeMs,
      shown: ({ fingerprint, notAfter }) => {
        context.addresses.fingerprint = fingerprint;
        context.certificateEnds.console = notAfter;
      },
    },
    {
      name: 'agents',
      app: agents,
      current: svid,
      anew: async () => controlPlaneSvid(authority),
      next: async () => controlPlaneSvid(authority),
      ca: authority.bundle,
      renewBeforeMs: 12 * 3_600_000,
      shown: ({ notAfter }) => {
        context.certificateEnds.agents = notAfter;
      },
    },
  ]);
  closers.push(context.doors.stop, startRotating(context));
  return context;
}

async function openAuthority({ config, clock, subkeys = [] }: ServerOptions): Promise<Context['authority']> {
  const { passphraseFile } = config;
  const passphrase = passphraseFile === null ? undefined : (await readFile(passphraseFile, 'utf8')).trim();
  return openCertificateAuthority({
    subkeys,
    directory: config.keysDir,
    trustDomain: config.trustDomain,
    clock,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

/** Keys that changed while we were not there, or that we did not live to tell of. */
async function tellKeys(context: Context, subkeys: readonly Subkey[]): Promise<void> {
  await tellEvidenceKey(context, 'control plane');
  const root = subkeys[0]?.rootId;
  if (root !== undefined) await tellKeyChange(context.store, { subject: 'root', id: root }, 'control plane');
}

/** The database may come later than we do, or be restarted just now: that is no reason to die. */
async function openWhenThere({ config, clock, log, signal }: ServerOptions): Promise<Store | undefined> {
  for (let pause = 100; !signal.aborted; pause = Math.min(pause * 2, 2_000)) {
    try {
      return await openStore(config.database, { clock, log });
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'unreachable') throw error;
      log.warn({ reason: messageOf(error) }, 'waiting for the database');
      await sleep(pause, signal);
    }
  }
  return undefined;
}

/** Names this database to clients of the stream: numbers of another one mean nothing here. */
const streamKey = 'stream';

async function createContext(options: ServerOptions, store: Store, authority: Context['authority']): Promise<Context> {
  const { config, clock, log, version, subkeys = [] } = options;
  const revision = await store.settings.putIfAbsent(revisionKey, 0);
  const board = revisionBoard(typeof revision === 'number' ? revision : 0);
  const stream = await store.settings.putIfAbsent(streamKey, randomBytes(4).toString('hex'));
  const disk = loggedDiskWatch(config.evidenceDir, log);
  const live = liveStream({ clock, changes: store.changes, stream: String(stream) });
  const decisions: Context['decisions'] = [];
  const peopleKey = await openPeopleKey({
    directory: config.keysDir,
    name: 'people.key',
    purpose: 'people',
    subkeys,
  });
  await peopleKey.settle(store);
  return {
    config,
    clock,
    limits: steady(clock),
    log,
    version,
    startedAt: clock.now(),
    store,
    authority,
    checkpoint: auditCheckpoint(join(config.keysDir, 'audit-checkpoint.json'), authority.evidence),
    changes: createChanges(store, board, live, decisions),
    passwords: createPasswords(),
    sealer: peopleKey.sealer,
    peopleKey,
    throttle: createThrottle(clock),
    board,
    live,
    unreadKeys: new Map(),
    traffic: trafficWindow(),
    learning: createLearning(),
    mailer: createMailer(config.notify, { clock, log, from: `tricordon@${config.trustDomain}` }),
    disk,
    retention: createRetention({ store, config, clock, log, disk, ownDatabase: databaseDisk(config) !== undefined }),
    evidenceSpace: evidenceSpace(config.evidenceDir, config.retention.evidence.bytes, disk.level),
    decisions,
    spoken: new Map(),
    counters: {
      cspViolations: 0,
      pending: 0,
      undigested: 0,
      taken: 0,
      refused: 0,
      decisions: tally(),
      checkpointAt: null,
    },
    meter: requestMeter(),
    readProcess: watchProcess({ version, process: 'control', startedAt: clock.now() }),
    certificateEnds: { console: 0, agents: 0 },
    addresses: { consoleUrl: '', agentUrl: '', fingerprint: '', caFingerprint: '' },
    doors: {
      renew: async () => {},
      replace: async () => {
        throw new ServerError('unavailable', 'the listeners are not up yet');
      },
      stop: () => {},
    },
  };
}

async function listen(app: FastifyInstance, at: { address: string; port: number }): Promise<void> {
  try {
    await app.listen({ host: at.address, port: at.port, backlog: 511 });
  } catch (error) {
    const where = `${at.address}:${at.port}`;
    if (codeOf(error) === 'EADDRINUSE') {
      throw new ServerError('port-in-use', `another program listens on \`${where}\``, {
        hint: 'stop it, or set console.listen and agents.listen in tricordon.yaml',
        cause: error,
      });
    }
    if (codeOf(error) === 'EADDRNOTAVAIL' || codeOf(error) === 'EACCES') {
      throw new ServerError('config', `cannot listen on \`${where}\` (${codeOf(error)})`, { cause: error });
    }
    throw error;
  }
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function urlOf(address: string, port: number): string {
  const host =
    address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : address.includes(':') ? `[${address}]` : address;
  return `https://${host}:${port}`;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
  });
}
