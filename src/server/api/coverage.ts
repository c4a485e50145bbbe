import { z } from 'zod';
import { Coverage, HostName, Labels, Layer, ListeningSocket, ServiceName } from '../../model/index.js';
import { HeldBy, Hold, ServiceRef, Time } from './common.js';

/** `behind`: one version, and served; `apart`: more, or newer than the control plane, and refused; `unknown`: not heard yet. */
export const AgentVersion = z.enum(['current', 'behind', 'apart', 'unknown']);
export type AgentVersion = z.infer<typeof AgentVersion>;

export const HostRow = z.strictObject({
  host: HostName,
  /** When the agent last reported. */
  at: Time.nullable(),
  /** `silent`: no report for more than 30 s; what it last said is shown, and is not to be believed. */
  state: z.enum(['reporting', 'silent', 'enrolled']),
  /** Of its agent, beside the control plane's. */
  version: AgentVersion,
  coverage: Coverage,
  lost: z.number(),
  workloads: z.int(),
});

export const SocketRow = ListeningSocket.extend({
  host: HostName,
  /** The version and mode of the contract in front of this socket. */
  held: HeldBy.nullable(),
});

export const CoveredService = z.strictObject({
  service: ServiceRef,
  labels: Labels,
  contract: HeldBy.nullable(),
  /** Number of a proposed version that waits for approval. */
  proposal: z.int().nullable(),
  hosts: z.array(HostName),
  /** Running replicas now. */
  workloads: z.int(),
  identity: z.string(),
  attributes: z.record(z.string(), z.string()),
  /** One entry for each of the three layers, in the order runtime, network, api. */
  holds: z.array(Hold),
  /** Enforced on all three layers, watched on all of its hosts and with no socket to go around. */
  heldOnAll: z.boolean(),
  /** How many observations the learner has folded for it so far. */
  learned: z.int(),
  openIncident: z.string().nullable(),
});

/** `GET /v1/coverage`: the console's first page. */
export const CoverageAnswer = z.strictObject({
  at: Time,
  /** Sentences in reading order for the head of the page; `tone` says how to show them. */
  headline: z.array(z.strictObject({ text: z.string(), tone: z.enum(['good', 'warning', 'bad', 'plain']) })),
  summary: z.strictObject({
    services: z.int(),
    heldOnAll: z.int(),
    hosts: z.int(),
    /** Layers watched (full or partial) on every reporting host. */
    layersWatched: z.int(),
    lost: z.number(),
    bypassable: z.int(),
    openIncidents: z.int(),
  }),
  /** The weakest level over all hosts, per layer. */
  layers: z.array(
    z.strictObject({ layer: Layer, level: z.enum(['full', 'partial', 'none']), by: z.array(z.string()) }),
  ),
  hosts: z.array(HostRow),
  services: z.array(CoveredService),
  sockets: z.array(SocketRow),
});

/** `GET /v1/hosts`. */
export const HostsAnswer = z.strictObject({ hosts: z.array(HostRow) });
/** `GET /v1/services`. */
export const ServicesAnswer = z.strictObject({ services: z.array(CoveredService) });
/** `GET /v1/sockets`. */
export const SocketsAnswer = z.strictObject({ sockets: z.array(SocketRow) });
/** `POST /v1/services`; to name hosts takes the permission `service.place`. */
export const ServiceRequest = z.strictObject({
  service: ServiceName,
  /** In place of those before, which takes the permission `service.label`. Absent: none for a new one, else as they are. */
  labels: Labels.optional(),
  /** The hosts that may run it from now on, in place of those before. Absent: whoever comes first. */
  hosts: z.array(HostName).max(1_000).optional(),
  /** Hosts that may run it as well. */
  addHosts: z.array(HostName).max(1_000).optional(),
});
/** `POST /v1/services/:service/labels`: all of them anew. */
export const LabelsRequest = z.strictObject({ labels: Labels });
export const ServiceRegistered = z.strictObject({
  service: ServiceName,
  labels: Labels,
  version: z.int(),
  /** Null: not run yet, the first host that does is the only one. */
  hosts: z.array(HostName).nullable(),
});
