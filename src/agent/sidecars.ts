/** The sidecar of each workload: its process, and what it is told over its control socket. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, type Logger, messageOf } from '../base/index.js';
import { type PlaneSnapshot, serviceId } from '../model/index.js';
import type { PlaneProcessPair, Prepared } from './confine/index.js';
import type { Confinement } from './confinement.js';
import { linkPlane, type PlaneLink, type PlaneLinkOptions } from './plane-link.js';
import type { WorkloadEntries, WorkloadEntry } from './workload-entry.js';
import type { WorkloadRecord } from './workload-record.js';

export interface SidecarsOptions {
  readonly settings: { readonly host: string; readonly logDirectory: string; readonly meshAddress: string };
  readonly trustDomain: () => string;
  readonly confinement: Pick<Confinement, 'spawn' | 'stop'>;
  readonly log: Logger;
  readonly observations: PlaneLinkOptions['observations'];
  /** Something changed that the control plane or the state file should know. */
  readonly changed: () => void;
}

export interface Sidecars {
  /** `short`: the end of the workload's id. */
  start(prepared: Prepared, control: string, service: string, short: string): Promise<PlaneProcessPair>;
  link(record: Pick<WorkloadRecord, 'control'>): PlaneLink;
  /** Tells it what it is for; resolves with what it listens on. */
  configure(entry: WorkloadEntry): ReturnType<PlaneLink['listening']>;
  distribute(snapshot: PlaneSnapshot): void;
  runs(record: Pick<WorkloadRecord, 'plane'>): boolean;
  /** In place of one that died. */
  replace(entry: WorkloadEntry): Promise<void>;
}

export function sidecarsOf(entries: WorkloadEntries, options: SidecarsOptions): Sidecars {
  const { settings, confinement, log } = options;
  let snapshot: PlaneSnapshot | undefined;
  return {
    start,
    link,
    configure,
    distribute: (next) => {
      snapshot = next;
      for (const entry of entries.values()) entry.link.snapshot(next);
    },
    runs: ({ plane: { sidecar, inlet } }) =>
      isRunning(sidecar.pid, sidecar.start) && (inlet === null || isRunning(inlet.pid, inlet.start)),
    replace,
  };

  function start(prepared: Prepared, control: string, service: string, short: string): Promise<PlaneProcessPair> {
    return confinement.spawn(prepared, control, join(settings.logDirectory, `${service}-${short}.plane.log`));
  }

  function link({ control }: Pick<WorkloadRecord, 'control'>): PlaneLink {
    const { observations, changed } = options;
    return linkPlane({ socketPath: control, log, observations, changed });
  }

  function configure(entry: WorkloadEntry): ReturnType<PlaneLink['listening']> {
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

  async function replace(entry: WorkloadEntry): Promise<void> {
    entry.respawning = true;
    try {
      const { record } = entry;
      const { service } = record.request;
      log.warn({ service, workload: record.id }, 'sidecar died, starting it anew');
      confinement.stop(record.plane);
      entry.link.close();
      rmSync(record.control, { force: true });
      const plane = await start(record.prepared, record.control, service, record.id.slice(-8));
      if (entries.get(record.id) !== entry) {
        // Ended meanwhile, with the plane of before: nobody else knows of this one.
        confinement.stop(plane);
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
}
