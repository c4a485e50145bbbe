import { z } from 'zod';
import { HostName } from '../../model/index.js';
import { HeldBy, Hold, ServiceRef, Time } from './common.js';
/** `service`: ours; `gateway`: our edge; `public`: whoever calls the gateway; `outside`: an address we do not hold. */
export const MapNode = z.strictObject({
    /** `service:NAME`, `gateway`, `public`, `outside:HOST`. */
    id: z.string(),
    kind: z.enum(['service', 'gateway', 'public', 'outside']),
    /** Hostile for `outside`: escape control characters when showing it. */
    label: z.string(),
    service: ServiceRef.nullable(),
    identity: z.string().nullable(),
    contract: HeldBy.nullable(),
    holds: z.array(Hold),
    hosts: z.array(HostName),
    workloads: z.int(),
    state: z.enum(['running', 'paused', 'isolated', 'stopped', 'outside']),
    openIncident: z.string().nullable(),
});
export const MapEdge = z.strictObject({
    id: z.string(),
    from: z.string(),
    to: z.string(),
    protocol: z.enum(['http', 'tcp']),
    /** True only when every connection in the window was mutual TLS. */
    mtls: z.boolean(),
    /** The proved identity of the caller, when there is one. */
    identity: z.string().nullable(),
    /** Requests (http) or connections (tcp) in the window. */
    count: z.int(),
    ratePerSecond: z.number(),
    refused: z.int(),
    /** Let through by a layer in learn or audit, against the contract. */
    wouldRefuse: z.int(),
    p50Ms: z.number().nullable(),
    lastAt: Time,
    /** At most 20, most used first; hostile text. */
    operations: z.array(z.strictObject({ method: z.string(), path: z.string(), count: z.int(), refused: z.int() })),
    /** Why refused, most frequent first. */
    reasons: z.array(z.strictObject({ reason: z.string(), count: z.int() })),
});
/** `GET /v1/map?minutes=5`. */
export const MapAnswer = z.strictObject({
    from: Time,
    to: Time,
    nodes: z.array(MapNode),
    edges: z.array(MapEdge),
    /** Observations in the window beyond those that were counted; 0 when the answer is complete. */
    uncounted: z.int(),
});
