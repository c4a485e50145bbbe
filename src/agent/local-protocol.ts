/** What `tricordon run` says to the agent of its host, over HTTP on a socket that only the operator can open. */
import { z } from 'zod';
import { diskLevels } from '../base/index.js';
import { CallRoute, ContractVersion, Endpoint, GlassOpening, Port, ServiceName } from '../model/index.js';
import { HeldRules, Prepared } from './confine/index.js';

/** `POST /workloads` */
export const WorkloadRequest = z.strictObject({
  service: ServiceName,
  port: Port.nullable(),
  publish: z.strictObject({ address: z.string(), port: z.int().min(0).max(65_535) }).nullable(),
  calls: z.array(CallRoute).max(1_000),
  command: z.array(z.string()).min(1).max(4_096),
  cwd: z.string(),
  /** Null for a container: its code is the image. */
  codeDirectory: z.string().nullable(),
  /** The image to make a container of, as the operator named it and what that name meant then; null for a command. */
  image: z
    .strictObject({ name: z.string().max(512), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) })
    .nullable()
    .default(null),
  /** Who asked, by name: stands in the attestation. */
  operator: z.string().max(256),
  uid: z.int().min(0),
  gid: z.int().min(0),
  nodePath: z.string(),
  programDir: z.string(),
});
export type WorkloadRequest = z.infer<typeof WorkloadRequest>;

export const WorkloadPlan = z.strictObject({
  workload: z.string(),
  prepared: Prepared,
  /** To be added to the command's environment: peers' addresses where traffic is not captured, SPIFFE_ENDPOINT_SOCKET. */
  environment: z.record(z.string(), z.string()),
  /** A tracer to put in front, when it is this host's best sensor. */
  tracer: z.array(z.string()),
  /** Whose runtime part the kernel is to hold the command to; null: nothing is refused at that layer. */
  contract: ContractVersion.nullable(),
  /** Where the public reaches it; null when it is not published. */
  published: Endpoint.nullable(),
  /** What is not held on this host, in plain words. */
  notices: z.array(z.string()),
});
export type WorkloadPlan = z.infer<typeof WorkloadPlan>;

/** `POST /workloads/ID/started` */
export const Started = z.strictObject({
  pid: z.int().min(2),
  start: z.number(),
  /** What the launcher said it laid on the command; null: nothing. */
  held: HeldRules.nullable(),
});
export type Started = z.infer<typeof Started>;
export const StartedAnswer = z.strictObject({ identity: z.string() });
/** `POST /workloads/ID/ended` */
export const Ended = z.strictObject({ status: z.int().nullable() });

/**
 * One line of `GET /workloads/ID/orders`, a stream: `end` the command at once and hold on, let it `quit` by itself and hold
 * on, `restart` it, or `stop` for good.
 */
export const Order = z.strictObject({
  id: z.string(),
  order: z.enum(['end', 'quit', 'restart', 'stop']),
  /** For a restart, as in the plan: the contract may have changed since. */
  contract: ContractVersion.nullable(),
});
export type Order = z.infer<typeof Order>;
/** `POST /workloads/ID/orders/ORDER`: how it went. */
export const OrderResult = z.strictObject({
  ok: z.boolean(),
  detail: z.string().max(2_000),
  pid: z.int().nullable(),
  start: z.number().nullable(),
});
export type OrderResult = z.infer<typeof OrderResult>;

/** `POST /spool/rotate` */
export const SpoolRotated = z.strictObject({
  /** The first block that the new key seals. */
  from: z.int(),
  /** The last blocks of the keys that something still needs, newest first. */
  older: z.array(z.strictObject({ until: z.int() })),
});
export type SpoolRotated = z.infer<typeof SpoolRotated>;

/** `POST /glass/ID/close` */
export const Closing = z.strictObject({ operator: z.string().min(1).max(200) });

/** `GET /status` */
export const AgentStatus = z.strictObject({
  host: z.string(),
  pid: z.int(),
  identity: z.string().nullable(),
  controlReachable: z.boolean(),
  /** Why the control plane does not speak with this version of the agent; null while it does. */
  versionApart: z.string().nullable(),
  rung: z.string(),
  workloads: z.array(
    z.strictObject({
      id: z.string(),
      service: z.string(),
      state: z.string(),
      /** Attested, and known to every data plane of this host. */
      ready: z.boolean(),
      pid: z.int().nullable(),
      published: Endpoint.nullable(),
    }),
  ),
  /** The data plane processes: the gateway and one sidecar for each workload. */
  planes: z.array(
    z.strictObject({
      service: z.string(),
      pid: z.int(),
      /** Of the snapshot that it has in force, by its own word; compare it with the control plane's. */
      revision: z.int().nullable(),
    }),
  ),
  /** What watches the runtime layer, and since when (ms since 1970) without a break; null while nothing does. */
  sight: z.strictObject({ by: z.string(), since: z.number().nullable() }),
  /** Open now on this host: deviations of these are noted, not refused. */
  glass: z.array(GlassOpening),
  spool: z.strictObject({
    pending: z.number(),
    lost: z.number(),
    full: z.boolean(),
    bytes: z.number(),
    maxBytes: z.number(),
    /** Observations that went after they were shipped. */
    dropped: z.number(),
    /** Beside the spool's size, of segments that only open incidents still hold. */
    pinnedBytes: z.number(),
    /** Incidents for which there was no room. */
    pinsRefused: z.number(),
  }),
  /** Of the disk with spool and keys. */
  disk: z.enum(diskLevels),
});
export type AgentStatus = z.infer<typeof AgentStatus>;
