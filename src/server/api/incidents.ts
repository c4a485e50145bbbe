import { z } from 'zod';
import { Incident, incidentStates, Layer, Severity, Tactic } from '../../model/index.js';
import { ActionRow } from './actions.js';
import { CountByLayer, ServiceRef, Time } from './common.js';
import { EvidenceRow } from './evidence.js';

export const IncidentRow = z.strictObject({
  id: z.string(),
  state: z.enum(incidentStates),
  severity: Severity,
  score: z.number(),
  title: z.string(),
  openedAt: Time,
  firstAt: Time,
  lastAt: Time,
  containedAt: Time.nullable(),
  layers: z.array(Layer),
  tactics: z.array(Tactic),
  services: z.array(ServiceRef),
  signals: CountByLayer,
  /** From the first event's own time to the opening of the incident. */
  detectMs: z.number(),
  /** From the first event's own time to containment. */
  containMs: z.number().nullable(),
});

/** `GET /v1/incidents?state=&severity=&service=&limit=&before=`. */
export const IncidentsAnswer = z.strictObject({
  incidents: z.array(IncidentRow),
  /** Give it as `before` to get older ones; null at the end. */
  next: z.string().nullable(),
});

/** One step of what happened, in order of time. Sentences are ours; text that a workload chose is escaped in them. */
export const StoryStep = z.strictObject({
  /** `signal:ID` (of its first signal) or `action:ID`; unique in the story. */
  id: z.string(),
  kind: z.enum(['signal', 'action']),
  at: Time,
  /** Milliseconds after the first step. */
  afterMs: z.number(),
  /** null for actions: they are ours, not a layer's. */
  layer: Layer.nullable(),
  sentence: z.string(),
  detail: z.string(),
  service: ServiceRef.nullable(),
  workload: z.string().nullable(),
  severity: Severity.nullable(),
  tactic: Tactic.nullable(),
  tacticName: z.string().nullable(),
  technique: z.string().nullable(),
  outcome: z.enum(['refused', 'detected', 'done', 'failed', 'pending', 'unavailable', 'undone']),
  /** The rule (`RT-001`) or `contract`. */
  rule: z.string().nullable(),
  observation: z.string().nullable(),
  /** Time of the last of its signals. */
  lastAt: Time,
  /** Ids of all signals told as this step, in order of time; empty for actions. */
  signals: z.array(z.string()),
  /** What it was done to, where that was more than one thing; at most 20. */
  targets: z.array(z.string()),
  /** From 1; the next begins where the attack came again, after containment or a restart. */
  chapter: z.int(),
  /** Of the chapter this step opens; null for all others and for the first chapter. */
  heading: z.string().nullable(),
  /** Other steps this one hangs together with, and by which key (`trace`, `lineage`, `socket`, ...). */
  links: z.array(z.strictObject({ to: z.string(), by: z.string() })),
});

/** Who touched what: a small graph beside the lanes. */
export const Touched = z.strictObject({
  nodes: z.array(
    z.strictObject({
      id: z.string(),
      kind: z.enum(['outside', 'gateway', 'service', 'process', 'file', 'peer']),
      label: z.string(),
      hot: z.boolean(),
      /** Of a node that stands for several: their labels. */
      members: z.array(z.string()),
    }),
  ),
  edges: z.array(
    z.strictObject({ from: z.string(), to: z.string(), layer: Layer, refused: z.boolean(), label: z.string() }),
  ),
});

/** `GET /v1/incidents/:id`. */
export const IncidentAnswer = z.strictObject({
  incident: Incident,
  row: IncidentRow,
  story: z.array(StoryStep),
  stopped: z.strictObject({
    contained: z.boolean(),
    at: Time.nullable(),
    afterMs: z.number().nullable(),
    /** "Contained 1.30 s after the first signal", "Not contained". */
    sentence: z.string(),
  }),
  /** What made it possible. */
  causes: z.array(
    z.strictObject({
      sentence: z.string(),
      detail: z.string(),
      service: ServiceRef.nullable(),
      layer: Layer.nullable(),
      /** The command that mends it. */
      fix: z.string().nullable(),
    }),
  ),
  touched: Touched,
  actions: z.array(ActionRow),
  evidence: z.array(EvidenceRow),
  /** What is no longer there of its time (from 20 minutes before it on): what it refers to itself stays until it is closed. */
  gaps: z.array(
    z.strictObject({
      store: z.string(),
      reason: z.string(),
      rows: z.int(),
      since: Time,
      until: Time,
      sentence: z.string(),
    }),
  ),
  /** What to do next, most useful first. */
  next: z.array(z.strictObject({ sentence: z.string(), command: z.string().nullable() })),
});

/** `POST /v1/incidents/:id/state`: a person's decision about it. */
export const IncidentStateRequest = z.strictObject({
  state: z.enum(['triaged', 'closed']),
  reason: z.string().trim().min(1).max(500),
});
