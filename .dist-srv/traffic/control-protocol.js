/**
 * What agent and data plane process say to each other: JSON lines on a Unix socket (mode 0600) that the data plane
 * process listens on. One agent at a time: a new connection replaces the old one. Order matters only within `configure`,
 * `svid`, `snapshot`: nothing is listened on before `configure`, and nothing passes before all three were given.
 *
 * On every (re)connect the process says `hello`, then `listening` if it is configured, then every observation that was
 * not acknowledged yet, oldest first. `configure` may be sent again (the same role, host and service): listeners that did
 * not change stay open, others are opened or closed, and `listening` is said again.
 */
import { z } from 'zod';
import { CallRoute, Endpoint, HostName, Observation, PlaneSnapshot, Port, ServiceName } from '../model/index.js';
/** Longest line either side accepts; a snapshot of a large house fits, a flood does not. */
export const maxControlLine = 16 * 1024 * 1024;
/** Where to listen; port 0 asks for any free port, `listening` says which. */
export const ListenAt = z.strictObject({ address: z.string().min(1).max(108), port: z.int().min(0).max(65_535) });
/** How the sidecar reaches its own workload: by address, or through the inlet (`127.0.0.1:port` in its namespace). */
export const WorkloadTarget = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('address'), address: z.string().max(108), port: Port }),
    z.strictObject({ kind: z.literal('inlet'), port: Port }),
]);
/** One dependency and how the workload reaches it: a virtual address (captured) or a loopback listener of ours. */
export const OutboundRoute = z.strictObject({
    ...CallRoute.shape,
    /** Original destinations that mean this route; the port is the route's. Captured rungs only. */
    virtualAddresses: z.array(z.string().max(45)).max(16).default([]),
    /** Loopback rung: where the sidecar listens for this route. */
    listen: ListenAt.optional(),
});
export const Configure = z.strictObject({
    type: z.literal('configure'),
    role: z.enum(['sidecar', 'gateway']),
    host: HostName,
    /** The protected service; `gateway` for the gateway. */
    service: ServiceName,
    /** Null for the gateway. */
    workload: z.string().max(160).nullable(),
    /** SPIFFE ID that observations carry as the workload's. */
    identity: z.string().max(2_048).nullable(),
    /** Sidecar: mutual-TLS listener in front of the workload. Absent: the service takes no calls. */
    inbound: z.strictObject({ listen: ListenAt, target: WorkloadTarget }).optional(),
    /** Sidecar: what the workload calls. `captured`: a redirected listener comes over the IPC channel from the inlet. */
    outbound: z.strictObject({ captured: z.boolean(), routes: z.array(OutboundRoute).max(1_000) }).optional(),
    /** Gateway: plain HTTP listeners for the public, each in front of one service. */
    publishes: z
        .array(z.strictObject({ listen: ListenAt, service: ServiceName }))
        .max(1_000)
        .default([]),
});
export const SvidMessage = z.strictObject({
    type: z.literal('svid'),
    /** PKCS#8 PEM. Never logged, never on disk. */
    keyPem: z.string().max(16_384),
    /** Leaf first. */
    chainPem: z.array(z.string().max(16_384)).min(1).max(8),
});
/** Agent to data plane. */
export const ToPlane = z.discriminatedUnion('type', [
    Configure,
    SvidMessage,
    z.strictObject({ type: z.literal('snapshot'), snapshot: PlaneSnapshot }),
    /** Everything up to and including `seq` is safe with the agent. */
    z.strictObject({ type: z.literal('ack'), seq: z.int().min(0) }),
    /** Answered by `status`. */
    z.strictObject({ type: z.literal('status') }),
    /** No new connections; open exchanges end, then the process says `drained` and goes on running until `stop`. */
    z.strictObject({ type: z.literal('drain'), deadlineMs: z.int().min(0).max(600_000) }),
    /** The process ends at once with exit status 0. */
    z.strictObject({ type: z.literal('stop') }),
]);
export const PlaneCounts = z.strictObject({
    requests: z.int(),
    refused: z.int(),
    wouldRefuse: z.int(),
    flows: z.int(),
    upstreamErrors: z.int(),
    handshakesRefused: z.int(),
});
/** Data plane to agent. */
export const FromPlane = z.discriminatedUnion('type', [
    z.strictObject({
        type: z.literal('hello'),
        protocol: z.literal(1),
        pid: z.int(),
        /** Random per process; observation ids contain it. */
        boot: z.string(),
        /** Null before `configure`. */
        service: z.string().nullable(),
        /** Revision in force; null before the first snapshot. */
        revision: z.int().nullable(),
    }),
    z.strictObject({
        type: z.literal('listening'),
        inbound: Endpoint.nullable(),
        /** True once the redirected listener arrived from the inlet. */
        captured: z.boolean(),
        routes: z.array(z.strictObject({ service: ServiceName, host: z.string(), port: Port, listen: Endpoint })),
        publishes: z.array(z.strictObject({ service: ServiceName, listen: Endpoint })),
    }),
    z.strictObject({ type: z.literal('observation'), seq: z.int(), observation: Observation }),
    z.strictObject({
        type: z.literal('status'),
        service: z.string().nullable(),
        revision: z.int().nullable(),
        /** Milliseconds since the epoch; null without an identity. */
        identityExpiresAt: z.number().nullable(),
        connections: z.int(),
        counts: PlaneCounts,
        /** Observations waiting for `ack`. */
        buffered: z.int(),
        /** Observations dropped since start because nobody acknowledged in time. */
        lost: z.int(),
    }),
    z.strictObject({ type: z.literal('drained') }),
    /** A message that could not be carried out; `configure` with a port in use, a broken key, a malformed line. */
    z.strictObject({ type: z.literal('problem'), code: z.string(), message: z.string(), hint: z.string().optional() }),
]);
/**
 * Between inlet (in the workload's network namespace) and sidecar, over the Node IPC channel; `listener` and
 * `connected` carry a handle.
 */
export const FromInlet = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('listener') }),
    z.strictObject({ type: z.literal('connected'), id: z.int() }),
    z.strictObject({ type: z.literal('failed'), id: z.int(), code: z.string().max(64) }),
]);
