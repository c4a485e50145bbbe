/** The workloads of this host: prepared, attested, given an identity and a sidecar, watched, ended. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, commandLineOf, isRunning, type Logger, messageOf, type Clock } from '../base/index.js';
import type { Svid } from '../identity/index.js';
import {
  type Attestation,
  type ContractVersion,
  type Endpoint,
  type PlaneSnapshot,
  serviceId,
} from '../model/index.js';
import { apiFolder, type CaptureSpec, type Prepared } from './confine/index.js';
import type { Confinement } from './confinement.js';
import { AgentError } from './errors.js';
import type { Order, OrderResult, Started, WorkloadPlan, WorkloadRequest } from './local-protocol.js';
import { linkPlane, type PlaneLink, type PlaneLinkOptions } from './plane-link.js';
import type { WorkloadRecord } from './workload-record.js';

/** One identity that is renewed by itself. */
export interface IdentityHandle {
  current(): Svid | undefined;
  onChange(listener: (svid: Svid) => void): void;
  stop(): void;
}

export interface WorkloadsOptions {
  readonly settings: {
    readonly host: string;
    readonly instance: string;
    readonly runtimeDir: string;
    readonly logDirectory: string;
    readonly hideDirs: readonly string[];
    readonly meshAddress: string;
  };
  readonly trustDomain: () => string;
  readonly confinement: Confinement;
  readonly clock: Clock;
  readonly log: Logger;
  readonly attest: (record: WorkloadRecord, pid: number, start: number) => Promise<Attestation>;
  /** Registers an attested workload with the control plane and keeps its SVID fresh. */
  readonly identify: (record: WorkloadRecord, attestation: Attestation) => Promise<IdentityHandle>;
  readonly announceEnded: (id: string, status: number | null) => void;
  readonly publish: (service: string, listen: { address: string; port: number }) => Promise<Endpoint>;
  readonly unpublish: (service: string) => void;
  readonly serveIdentity: (
    socketPath: string,
    current: () => Svid | undefined,
    onChange: (changed: () => void) => void,
  ) => Promise<() => Promise<void>>;
  /**
   * Tells the sensor.
   *
   * @param begun its command runs since before this agent did: nothing of what it does is set-up any more
   */
  readonly watch: (record: WorkloadRecord, begun?: boolean) => void;
  readonly unwatch: (id: string) => void;
  /** The command is about to be launched anew: until it runs, what is seen is the launcher's doing again. */
  readonly rewatch: (record: WorkloadRecord) => void;
  /** A tracer for the command, with the folder it writes to; undefined where another sensor sees it. */
  readonly tracer: (id: string) => { readonly words: readonly string[]; readonly folder: string } | undefined;
  /** The contract version whose runtime part a command started now is held to; null where nothing is to be refused. */
  readonly runtimeContract: (service: string) => Promise<ContractVersion | null>;
  readonly observations: PlaneLinkOptions['observations'];
  /** Something changed that the control plane or the state file should know. */
  readonly changed: () => void;
}

/** The Workload API socket of one workload. */
interface IdentityApi {
  close(): Promise<void>;
  /** Tells those who watch that there is another identity document. */
  changed(): void;
}

interface Entry {
  record: WorkloadRecord;
  link: PlaneLink;
  identity: IdentityHandle | undefined;
  api: IdentityApi;
  published: Endpoint | undefined;
  followers: Set<(order: Order) => void>;
  waiting: Map<string, (result: OrderResult) => void>;
  respawning: boolean;
  /** Looks in a row at which it had no process, and nobody to start one. */
  abandoned: number;
}

/** Looks (two a second) after which a workload that nobody starts is given up. */
const patience = 60;
/** `held` undefined: as known from before. */
type StartedNow = Pick<Started, 'pid' | 'start'> & Partial<Pick<Started, 'held'>>;

export interface Workloads {
  prepare(request: WorkloadRequest): Promise<WorkloadPlan>;
  started(id: string, process: StartedNow): Promise<{ identity: string }>;
  ended(id: string, status: number | null): Promise<void>;
  onOrder(id: string, take: (order: Order) => void): () => void;
  ordered(id: string, order: string, result: OrderResult): void;
  /** Asks the `run` that holds the command; `detail` says why it did not happen. */
  order(id: string, order: Order['order'], timeoutMs: number): Promise<OrderResult>;
  setState(id: string, state: WorkloadRecord['state']): void;
  records(): readonly WorkloadRecord[];
  /** These, and those whose removal is not over: whoever comes after a death of this agent must find them. */
  remembered(): readonly WorkloadRecord[];
  entry(id: string):
    | {
        readonly record: WorkloadRecord;
        readonly link: PlaneLink;
        readonly identity: Svid | undefined;
        readonly published: Endpoint | undefined;
      }
    | undefined;
  /** Takes up what runs since before a restart of the agent. */
  adopt(records: readonly WorkloadRecord[]): Promise<void>;
  distribute(snapshot: PlaneSnapshot): void;
  /** Looks after dead sidecars and dead commands; called on a timer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export function createWorkloads(options: WorkloadsOptions): Workloads {
  const entries = new Map<string, Entry>();
  const leaving = new Map<string, WorkloadRecord>();
  const endings = new Set<Promise<void>>();
  const { settings, log } = options;
  let snapshot: PlaneSnapshot | undefined;

  const workloads: Workloads = {
    prepare,
    started,
    ended,
    onOrder: (id, take) => {
      const entry = known(id);
      entry.followers.add(take);
      return () => entry.followers.delete(take);
    },
    ordered: (id, order, result) => {
      const entry = known(id);
      if (result.pid !== null && result.start !== null)
        entry.record = { ...entry.record, process: { pid: result.pid, start: result.start } };
      entry.waiting.get(order)?.(result);
    },
    order,
    setState: (id, state) => {
      const entry = known(id);
      entry.record = { ...entry.record, state };
      options.changed();
    },
    records: () => [...entries.values()].map((entry) => entry.record),
    remembered: () => [...[...entries.values()].map((entry) => entry.record), ...leaving.values()],
    entry: (id) => {
      const entry = entries.get(id);
      return entry === undefined
        ? undefined
        : { record: entry.record, link: entry.link, identity: entry.identity?.current(), published: entry.published };
    },
    adopt,
    distribute: (next) => {
      snapshot = next;
      for (const entry of entries.values()) entry.link.snapshot(next);
    },
    check,
    close: async () => {
      for (const entry of entries.values()) {
        entry.link.close();
        entry.identity?.stop();
        await entry.api.close();
      }
      await Promise.allSettled(endings);
    },
  };
  return workloads;

  async function prepare(request: WorkloadRequest): Promise<WorkloadPlan> {
    const short = randomBytes(4).toString('hex');
    const id = `${request.service}-${settings.host.replaceAll('.', '-')}-${short}`.slice(0, 160);
    // A folder of its own: it is what the workload gets mounted, so that the socket of the next agent is seen in it.
    const workloadApiSocket = join(settings.runtimeDir, 'w', short, 'api.sock');
    const container = request.image !== null;
    // A container is started by its Engine, not by our launcher: nothing lays rules on it.
    const contract = container ? null : await options.runtimeContract(request.service);
    const tracer = options.tracer(id);
    const spec = {
      instance: settings.instance,
      workload: id,
      service: request.service,
      port: request.port,
      calls: request.calls,
      uid: request.uid,
      gid: request.gid,
      cwd: request.cwd,
      runtimeDir: settings.runtimeDir,
      hideDirs: [...settings.hideDirs],
      keepPaths: [
        ...new Set([request.codeDirectory, request.cwd, ...(tracer === undefined ? [] : [tracer.folder])]),
      ].filter((path) => path !== null && path !== '/'),
      workloadApiSocket,
      image: request.image?.digest ?? null,
      nodePath: request.nodePath,
      programDir: request.programDir,
    };
    const api = await serveIdentity(id, workloadApiSocket);
    let prepared: Prepared | undefined;
    let plane: WorkloadRecord['plane'] | undefined;
    try {
      prepared = await options.confinement.prepare(spec as CaptureSpec); // the id is branded by the schema at the other end
      const control = join(settings.runtimeDir, 'p', `${short}.sock`);
      plane = await options.confinement.spawn(
        prepared,
        control,
        join(settings.logDirectory, `${request.service}-${short}.plane.log`),
      );
      const record: WorkloadRecord = {
        id,
        request,
        prepared,
        plane,
        control,
        workloadApiSocket,
        process: null,
        attestation: null,
        held: null,
        state: 'starting',
      };
      const entry = open(record, api);
      entries.set(id, entry);
      options.changed();
      const listening = await configure(entry);
      options.watch(record);
      if (request.publish !== null) await publish(entry, request.publish);
      options.changed();
      const apiSocket = container ? `${apiFolder}/api.sock` : workloadApiSocket;
      const environment: Record<string, string> = { SPIFFE_ENDPOINT_SOCKET: `unix://${apiSocket}` };
      for (const route of listening.routes) {
        const call = request.calls.find(
          (candidate) =>
            candidate.service === route.service && candidate.host === route.host && candidate.port === route.port,
        );
        if (call?.env !== undefined) environment[call.env] = `${route.listen.address}:${route.listen.port}`;
      }
      return {
        workload: id,
        prepared,
        environment,
        tracer: [...(tracer?.words ?? [])],
        contract,
        published: entry.published ?? null,
        notices: prepared.gaps.map((gap) => gap.what),
      };
    } catch (error) {
      await api.close();
      rmSync(dirname(workloadApiSocket), { recursive: true, force: true });
      entries.get(id)?.link.stop();
      entries.delete(id);
      options.unwatch(id);
      if (plane !== undefined) options.confinement.stop(plane);
      if (prepared !== undefined) await options.confinement.cleanup(prepared).catch(() => {});
      throw error;
    }
  }

  /** The port that was given for 0 is kept in the record: callers know it, also after a restart of agent and gateway. */
  async function publish(entry: Entry, wanted: { address: string; port: number }): Promise<void> {
    const listen = await options.publish(entry.record.request.service, wanted);
    entry.published = listen;
    entry.record = { ...entry.record, request: { ...entry.record.request, publish: listen } };
  }

  async function serveIdentity(id: string, socketPath: string): Promise<IdentityApi> {
    const listeners: (() => void)[] = [];
    const close = await options.serveIdentity(
      socketPath,
      () => entries.get(id)?.identity?.current(),
      (changed) => listeners.push(changed),
    );
    return {
      close,
      changed: () => {
        for (const listener of listeners) listener();
      },
    };
  }

  function open(record: WorkloadRecord, api: IdentityApi): Entry {
    return {
      record,
      link: link(record),
      identity: undefined,
      api,
      published: undefined,
      followers: new Set(),
      waiting: new Map(),
      respawning: false,
      abandoned: 0,
    };
  }

  function link(record: WorkloadRecord): PlaneLink {
    return linkPlane({
      socketPath: record.control,
      log,
      observations: options.observations,
      changed: options.changed,
    });
  }

  function configure(entry: Entry): ReturnType<PlaneLink['listening']> {
    const { request, prepared, id } = entry.record;
    const captured = prepared.redirectPort !== null;
    const answer = entry.link.listening(30_000);
    entry.link.configure({
      role: 'sidecar',
      host: settings.host,
      service: request.service,
      workload: id,
      identity: serviceId(options.trustDomain(), request.service),
      ...(request.port === null
        ? {}
        : {
            inbound: {
              listen: { address: settings.meshAddress, port: 0 },
              target: captured
                ? { kind: 'inlet' as const, port: request.port }
                : { kind: 'address' as const, address: '127.0.0.1', port: request.port },
            },
          }),
      outbound: {
        captured,
        routes: request.calls.map((call) => ({
          ...call,
          virtualAddresses: prepared.virtualAddresses
            .filter((known) => known.route.host === call.host && known.port === call.port)
            .map((known) => known.address),
          ...(captured ? {} : { listen: { address: '127.0.0.1', port: 0 } }),
        })),
      },
    });
    if (snapshot !== undefined) entry.link.snapshot(snapshot);
    return answer;
  }

  async function started(id: string, { pid, start, held }: StartedNow): Promise<{ identity: string }> {
    const entry = known(id);
    const process = { pid, start };
    entry.record = { ...entry.record, process, ...(held === undefined ? {} : { held }) };
    options.watch(entry.record);
    // A container's first process is named by the Engine once it runs; what it executes lies in the attested image.
    if (entry.record.request.image === null) await settled(entry.record, process);
    let attestation: Attestation;
    try {
      attestation = await options.attest(entry.record, process.pid, process.start);
    } catch (error) {
      throw new AgentError(
        'attestation-failed',
        `what runs as \`${entry.record.request.service}\` could not be attested: ${messageOf(error)}`,
        {
          cause: error,
          hint: 'it gets no identity and no traffic; see docs/guide/identity.md',
        },
      );
    }
    const before = entry.record.attestation;
    try {
      await identified(entry, attestation);
    } catch (error) {
      if (before === null) throw error;
      // Restarted clean while its identity is withdrawn: it gets the identity back as soon as the control plane allows.
      log.info({ workload: id, error: messageOf(error) }, 'restarted, the identity is awaited');
      void awaitIdentity(entry, attestation);
    }
    return { identity: serviceId(options.trustDomain(), entry.record.request.service) };
  }

  async function identified(entry: Entry, attestation: Attestation): Promise<void> {
    const identity = await patiently(entry.record, () => options.identify(entry.record, attestation));
    entry.identity?.stop();
    entry.identity = identity;
    // Paused or isolated before this agent started, it is so now.
    const { state } = entry.record;
    entry.record = { ...entry.record, attestation, state: state === 'starting' ? 'running' : state };
    hand(entry);
    options.watch(entry.record);
    options.changed();
  }

  /** A control plane that is being restarted is waited for, as long as the command runs. */
  async function patiently<T>({ process }: WorkloadRecord, ask: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        const runs = process !== null && isRunning(process.pid, process.start);
        if (codeOf(error) !== 'control-unreachable' || !runs || attempt >= 120) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500).unref());
      }
    }
  }

  async function awaitIdentity(entry: Entry, attestation: Attestation): Promise<void> {
    const { process } = entry.record;
    while (entries.get(entry.record.id) === entry && entry.record.process?.pid === process?.pid) {
      await new Promise((resolve) => setTimeout(resolve, 250).unref());
      const done = await identified(entry, attestation).then(
        () => true,
        () => false,
      );
      if (done) return;
    }
  }

  function hand(entry: Entry): void {
    const give = (svid: Svid | undefined) => {
      if (svid === undefined) return;
      entry.link.svid(svid.privateKeyPem, svid.chainPem);
      entry.api.changed();
    };
    give(entry.identity?.current());
    entry.identity?.onChange((svid) => {
      give(svid);
      options.changed();
    });
  }

  /** The launcher replaces itself step by step; wait until the command itself runs, so that it is what is attested. */
  async function settled(record: WorkloadRecord, process: { pid: number; start: number }): Promise<void> {
    const { command } = record.request;
    for (let attempt = 0; attempt < 4_800; attempt += 1) {
      if (!isRunning(process.pid, process.start))
        throw new AgentError('attestation-failed', 'the command ended before it could be attested');
      const words = commandLineOf(process.pid) ?? [];
      // A script's own line has its interpreter (and one option) in front: execve(2). Every launcher has more, or is ours.
      const isCommand =
        words.length >= command.length &&
        words.length <= command.length + 2 &&
        !words[1]?.endsWith('/agent/confine/launcher.js');
      if (isCommand && words.slice(words.length - command.length + 1).join('\0') === command.slice(1).join('\0'))
        return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new AgentError('attestation-failed', 'the command did not start within two minutes');
  }

  async function ended(id: string, status: number | null): Promise<void> {
    const entry = entries.get(id);
    if (entry === undefined) return;
    entries.delete(id);
    leaving.set(id, entry.record);
    const ending = takeDown(entry, status).finally(() => {
      endings.delete(ending);
      leaving.delete(id);
      options.changed();
    });
    endings.add(ending);
    await ending;
  }

  async function takeDown(entry: Entry, status: number | null): Promise<void> {
    const { record } = entry;
    entry.identity?.stop();
    // First: a data plane must not be left because something below takes long or fails.
    entry.link.stop();
    options.confinement.stop(record.plane);
    options.unwatch(record.id);
    if (entry.published !== undefined) options.unpublish(record.request.service);
    options.announceEnded(record.id, status);
    await entry.api.close();
    await options.confinement
      .cleanup(record.prepared)
      .catch((error: unknown) => log.warn({ error: messageOf(error), workload: record.id }, 'cleanup failed'));
    rmSync(record.control, { force: true });
    rmSync(dirname(record.workloadApiSocket), { recursive: true, force: true });
  }

  async function order(id: string, what: Order['order'], timeoutMs: number): Promise<OrderResult> {
    const entry = known(id);
    const contract =
      what === 'restart' && entry.record.request.image === null
        ? await options.runtimeContract(entry.record.request.service)
        : null;
    if (what === 'restart') {
      entry.record = { ...entry.record, process: null };
      options.rewatch(entry.record);
    }
    const orderId = randomBytes(8).toString('hex');
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        entry.waiting.delete(orderId);
        resolve({
          ok: false,
          detail: 'the `tricordon run` that holds the command did not answer',
          pid: null,
          start: null,
        });
      }, timeoutMs);
      entry.waiting.set(orderId, (result) => {
        clearTimeout(timer);
        entry.waiting.delete(orderId);
        resolve(result);
      });
      for (const follower of entry.followers) follower({ id: orderId, order: what, contract });
    });
  }

  async function adopt(records: readonly WorkloadRecord[]): Promise<void> {
    for (const record of records) {
      // Killed between the end of a command and its clean restart: the `run` that holds it waits for that order.
      const restarting = record.process === null && record.attestation !== null;
      const running = record.process !== null && isRunning(record.process.pid, record.process.start);
      if (!running && !restarting) {
        await options.confinement.cleanup(record.prepared).catch(() => {});
        options.confinement.stop(record.plane);
        options.announceEnded(record.id, null);
        if (record.request.publish !== null) options.unpublish(record.request.service);
        rmSync(dirname(record.workloadApiSocket), { recursive: true, force: true });
        continue;
      }
      const entry = open(record, await serveIdentity(record.id, record.workloadApiSocket));
      entries.set(record.id, entry);
      await configure(entry).catch(() => {}); // a dead sidecar is started anew by check()
      options.watch(record, record.process !== null && record.attestation !== null);
      if (record.request.publish !== null)
        await publish(entry, record.request.publish).catch((error: unknown) =>
          log.error({ error: messageOf(error), workload: record.id }, 'the public address is not back'),
        );
      const again = () => {
        if (entries.get(record.id) !== entry || record.process === null) return;
        started(record.id, record.process).catch((error: unknown) => {
          log.warn(
            { error: messageOf(error), workload: record.id },
            'identity not renewed after restart, trying again',
          );
          setTimeout(again, 2_000).unref();
        });
      };
      again();
    }
    options.changed();
  }

  async function check(): Promise<void> {
    for (const entry of [...entries.values()]) {
      const { record } = entry;
      if (entries.get(record.id) !== entry) continue; // ended while we looked after another one
      const { sidecar, inlet } = record.plane;
      const planeRuns = isRunning(sidecar.pid, sidecar.start) && (inlet === null || isRunning(inlet.pid, inlet.start));
      if (!planeRuns && !entry.respawning) await respawn(entry);
      const gone = record.process !== null && !isRunning(record.process.pid, record.process.start);
      const held = entry.followers.size > 0;
      entry.abandoned = record.process === null && !held ? entry.abandoned + 1 : 0;
      // `run` says it itself; without one (it was killed) we notice here.
      if ((gone && !held) || entry.abandoned > patience) await ended(record.id, null);
    }
  }

  async function respawn(entry: Entry): Promise<void> {
    entry.respawning = true;
    try {
      const { record } = entry;
      log.warn({ service: record.request.service, workload: record.id }, 'sidecar died, starting it anew');
      options.confinement.stop(record.plane);
      entry.link.close();
      rmSync(record.control, { force: true });
      const plane = await options.confinement.spawn(
        record.prepared,
        record.control,
        join(settings.logDirectory, `${record.request.service}-${record.id.slice(-8)}.plane.log`),
      );
      if (entries.get(record.id) !== entry) {
        // Ended meanwhile, with the plane of before: nobody else knows of this one.
        options.confinement.stop(plane);
        return;
      }
      entry.record = { ...entry.record, plane };
      entry.link = link(entry.record);
      await configure(entry);
      const svid = entry.identity?.current();
      if (svid !== undefined) entry.link.svid(svid.privateKeyPem, svid.chainPem);
      options.changed();
    } catch (error) {
      log.error({ error: messageOf(error), workload: entry.record.id }, 'sidecar did not come back, trying again');
    } finally {
      entry.respawning = false;
    }
  }

  function known(id: string): Entry {
    const entry = entries.get(id);
    if (entry === undefined)
      throw new AgentError('workload-unknown', `there is no workload \`${id}\` on this host`, {
        hint: 'see `tricordon status`',
      });
    return entry;
  }
}
