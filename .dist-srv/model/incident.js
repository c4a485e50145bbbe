import { z } from 'zod';
import { Layer } from './layer.js';
import { ServiceName } from './names.js';
import { Severity, Signal, Tactic } from './signal.js';
export const actionKinds = [
    'pause',
    'resume',
    'isolate',
    'rejoin',
    'kill',
    'restart',
    'revoke',
    'collect',
    'enforce',
];
export const ActionKind = z.enum(actionKinds);
/** One containment step and its result. */
export const Action = z.strictObject({
    id: z.string(),
    incident: z.string().nullable(),
    kind: ActionKind,
    service: ServiceName,
    workload: z.string().nullable(),
    host: z.string().nullable(),
    /** `unavailable`: this host cannot do it; `detail` says why. */
    status: z.enum(['planned', 'approved', 'running', 'done', 'failed', 'unavailable', 'undone']),
    /** Whether undoing is possible and how it is called. */
    undo: ActionKind.nullable(),
    requestedBy: z.string(),
    requestedAt: z.number(),
    finishedAt: z.number().nullable(),
    detail: z.string(),
});
export const incidentStates = ['open', 'contained', 'triaged', 'closed'];
/** Signals joined over layers into one story. */
export const Incident = z.strictObject({
    id: z.string().regex(/^INC-[0-9]+$/),
    state: z.enum(incidentStates),
    severity: Severity,
    score: z.number(),
    title: z.string(),
    openedAt: z.number(),
    /** Time of the first and last observation behind it. */
    firstAt: z.number(),
    lastAt: z.number(),
    containedAt: z.number().nullable(),
    layers: z.array(Layer),
    tactics: z.array(Tactic),
    services: z.array(ServiceName),
    signals: z.array(Signal),
    /** Why signals hang together: pairs of signal ids and the key that joins them. */
    links: z.array(z.strictObject({ from: z.string(), to: z.string(), by: z.string() })),
});
