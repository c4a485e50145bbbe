/** The workloads of this host: prepared, attested, given an identity and a sidecar, watched, ended. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning, messageOf } from '../base/index.js';
import type { Svid } from '../identity/index.js';
import { type Endpoint, type PlaneSnapshot, serviceId } from '../model/index.js';
import { apiFolder, type Prepared } from './confine/index.js';
import type { Confinement } from './confinement.js';
import { AgentError } from './errors.js';
import type { Order, OrderResult, Started, WorkloadPlan, WorkloadRequest } from './local-protocol.js';
import type { PlaneLink } from './plane-link.js';
import { type SidecarsOptions, sidecarsOf } from './sidecars.js';
import type { IdentityApi, WorkloadEntry } from './workload-entry.js';
import { type WorkloadIdentitiesOptions, workloadIdentities } from './workload-identities.js';
import { type WorkloadOrdersOptions, workloadOrders } from './workload-orders.js';
import { captureSpec, environmentOf, type PlanSettings, type Tracer } from './workload-plan.js';
import type { WorkloadRecord } from './workload-record.js';

export interface WorkloadsOptions extends SidecarsOptions, WorkloadIdentitiesOptions, WorkloadOrdersOptions {
  readonly settings: SidecarsOptions['settings'] & PlanSettings;
  readonly confinement: Confinement;
  readonly announceEnded: (id: string, status: number | null) => void;
  readonly publish: (service: string, listen: { address: string; port: number }) => Promise<Endpoint>;
  readonly unpublish: (service: string) => void;
  readonly unwatch: (id: string) => void;
  /** Undefined where another sensor sees the command. */
  readonly tracer: (id: string) => Tracer | undefined;
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
  const entries = new Map<string, WorkloadEntry>();
  const leaving = new Map<string, WorkloadRecord>();
  const endings = new Set<Promise<void>>();
  const { settings, log } = options;
  const sidecars = sidecarsOf(entries, options);
  const identities = workloadIdentities(entries, options);
  const orders = workloadOrders(options);

  return {
    prepare,
    started,
    ended,
    onOrder: (id, take) => orders.follow(known(id), take),
    ordered: (id, order, result) => orders.answered(known(id), order, result),
    order: async (id, order, timeoutMs) => orders.give(known(id), order, timeoutMs),
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
    distribute: sidecars.distribute,
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

  async function prepare(request: WorkloadRequest): Promise<WorkloadPlan> {
    const short = randomBytes(4).toString('hex');
    const id = `${request.service}-${settings.host.replaceAll('.', '-')}-${short}`.slice(0, 160);
    // A folder of its own: it is what the workload gets mounted, so that the socket of the next agent is seen in it.
    const workloadApiSocket = join(settings.runtimeDir, 'w', short, 'api.sock');
    const container = request.image !== null;
    // A container is started by its Engine, not by our launcher: nothing lays rules on it.
    const contract = container ? null : await options.runtimeContract(request.service);
    const tracer = options.tracer(id);
    const api = await identities.serve(id, workloadApiSocket);
    let prepared: Prepared | undefined;
    let plane: WorkloadRecord['plane'] | undefined;
    try {
      prepared = await options.confinement.prepare(captureSpec(settings, request, { id, workloadApiSocket, tracer }));
      const control = join(settings.runtimeDir, 'p', `${short}.sock`);
      plane = await sidecars.start(prepared, control, request.service, short);
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
      const listening = await sidecars.configure(entry);
      options.watch(record);
      if (request.publish !== null) await publish(entry, request.publish);
      options.changed();
      const apiSocket = container ? `${apiFolder}/api.sock` : workloadApiSocket;
      return {
        workload: id,
        prepared,
        environment: environmentOf(request, listening, apiSocket),
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
  async function publish(entry: WorkloadEntry, wanted: { address: string; port: number }): Promise<void> {
    const listen = await options.publish(entry.record.request.service, wanted);
    entry.published = listen;
    entry.record = { ...entry.record, request: { ...entry.record.request, publish: listen } };
  }

  function open(record: WorkloadRecord, api: IdentityApi): WorkloadEntry {
    return {
      record,
      link: sidecars.link(record),
      identity: undefined,
      api,
      published: undefined,
      followers: new Set(),
      waiting: new Map(),
      respawning: false,
      abandoned: 0,
    };
  }

  async function started(id: string, { pid, start, held }: StartedNow): Promise<{ identity: string }> {
    const entry = known(id);
    const process = { pid, start };
    entry.record = { ...entry.record, process, ...(held === undefined ? {} : { held }) };
    options.watch(entry.record);
    await identities.establish(entry, process);
    return { identity: serviceId(options.trustDomain(), entry.record.request.service) };
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

  async function takeDown(entry: WorkloadEntry, status: number | null): Promise<void> {
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
      const entry = open(record, await identities.serve(record.id, record.workloadApiSocket));
      entries.set(record.id, entry);
      await sidecars.configure(entry).catch(() => {}); // a dead sidecar is started anew by check()
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
      if (!sidecars.runs(record) && !entry.respawning) await sidecars.replace(entry);
      const gone = record.process !== null && !isRunning(record.process.pid, record.process.start);
      const held = entry.followers.size > 0;
      entry.abandoned = record.process === null && !held ? entry.abandoned + 1 : 0;
      // `run` says it itself; without one (it was killed) we notice here.
      if ((gone && !held) || entry.abandoned > patience) await ended(record.id, null);
    }
  }

  function known(id: string): WorkloadEntry {
    const entry = entries.get(id);
    if (entry === undefined)
      throw new AgentError('workload-unknown', `there is no workload \`${id}\` on this host`, {
        hint: 'see `tricordon status`',
      });
    return entry;
  }
}
