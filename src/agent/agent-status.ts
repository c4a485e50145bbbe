/** What `tricordon status` is told of this agent. */
import type { DiskLevel } from '../base/index.js';
import type { PlaneSnapshot } from '../model/index.js';
import type { HeldPins, SpoolWriter } from '../store/index.js';
import type { ControlContact } from './control-contact.js';
import { spoolFacts } from './disk.js';
import type { Gateway } from './gateway.js';
import type { Glass } from './glass.js';
import type { HostIdentity } from './host-identity.js';
import type { HostSensor } from './host-sensor.js';
import type { AgentStatus } from './local-protocol.js';
import type { AgentSettings } from './settings.js';
import type { Shipping } from './shipping.js';
import type { WorkloadRecord } from './workload-record.js';
import type { Workloads } from './workloads.js';

export interface StatusParts {
  readonly settings: Pick<AgentSettings, 'host' | 'spool'>;
  readonly host: Pick<HostIdentity, 'source'>;
  readonly contact: ControlContact;
  readonly rung: string;
  readonly workloads: Workloads;
  readonly gateway: Gateway;
  readonly snapshot: () => PlaneSnapshot | undefined;
  readonly sensor: Pick<HostSensor, 'sight'>;
  readonly glass: Pick<Glass, 'open'>;
  readonly spool: Pick<SpoolWriter, 'stats'>;
  readonly pinned: () => HeldPins;
  readonly shipping: Pick<Shipping, 'pending' | 'reachable'>;
  readonly disk: () => DiskLevel;
}

export function agentStatus(parts: StatusParts): AgentStatus {
  const { settings, contact, workloads, shipping } = parts;
  return {
    host: settings.host,
    pid: process.pid,
    identity: parts.host.source.current()?.id ?? null,
    controlReachable: contact.reachable() && shipping.reachable(),
    versionApart: contact.apart(),
    rung: parts.rung,
    workloads: workloads.records().map((record) => ({
      id: record.id,
      service: record.request.service,
      state: record.state,
      ready: isReady(record, parts),
      pid: record.process?.pid ?? null,
      published: workloads.entry(record.id)?.published ?? null,
    })),
    planes: planesOf(workloads, parts.gateway),
    sight: parts.sensor.sight(),
    glass: [...parts.glass.open()],
    spool: {
      ...spoolFacts(parts.spool, parts.pinned()),
      pending: shipping.pending(),
      maxBytes: settings.spool.maxBytes,
    },
    disk: parts.disk(),
  };
}

/** Every data plane process, with the revision that it has in force. */
export function planesOf(workloads: Workloads, gateway: Gateway): AgentStatus['planes'] {
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

/** Whoever calls it now gets through to it: attested, in the snapshot in force, and its public door has an identity. */
function isReady(
  { id, request, attestation }: WorkloadRecord,
  { workloads, gateway, snapshot }: Pick<StatusParts, 'workloads' | 'gateway' | 'snapshot'>,
): boolean {
  const endpoint = workloads.entry(id)?.link.lastListening()?.inbound;
  const known = snapshot()?.services.some(
    (service) => service.service === request.service && service.endpoints.some((one) => one.port === endpoint?.port),
  );
  return attestation !== null && known === true && (request.publish === null || gateway.ready());
}
