/** One event at one layer, with the keys by which it is joined to the others. Published as `observation.schema.json`. */
import { z } from 'zod';
import { Layer, Mode } from './layer.js';
import { HostName, ServiceName } from './names.js';

const Address = z.string().max(108);
const PortNumber = z.int().min(0).max(65_535);
export const Endpoint = z.strictObject({ address: Address, port: PortNumber });
export type Endpoint = z.infer<typeof Endpoint>;

/** How an observation hangs together with others; whatever is not known is absent, never guessed. */
export const JoinKeys = z.strictObject({
  pid: z.int().optional(),
  /** Clock ticks after boot, field 22 of `/proc/PID/stat`. */
  start: z.number().optional(),
  ppid: z.int().optional(),
  /** Ancestors inside the workload, nearest first. */
  lineage: z.array(z.int()).max(64).optional(),
  cgroup: z.string().max(512).optional(),
  container: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** A TCP connection as the workload saw it. */
  socket: z.strictObject({ local: Endpoint, peer: Endpoint }).optional(),
  /** W3C trace context: 32 and 16 hex digits. */
  trace: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  span: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** The authenticated identity on the other side. */
  caller: z.string().max(2_048).optional(),
});
export type JoinKeys = z.infer<typeof JoinKeys>;

/** Why the contract's decision was what it was; on observations made where a decision was taken. */
export const Verdict = z.strictObject({
  effect: z.enum(['allow', 'would-deny', 'deny']),
  contract: z.string().nullable(),
  version: z.int().nullable(),
  clause: z.string().nullable(),
  reason: z.string().max(64),
  nearest: z.string().max(512).optional(),
  /** What the caller was given instead of the reason. */
  decisionId: z.string().max(64).optional(),
  /** Of the contract that decided, and the mode of its layer. */
  digest: z.string().max(80).optional(),
  mode: Mode.optional(),
  /** What the decision rested on beside who called what: of the caller, of a verified user, the name it asked for. */
  attributes: z.record(z.string().max(128), z.string().max(512)).optional(),
  claims: z.record(z.string().max(256), z.json()).optional(),
  host: z.string().max(253).optional(),
  /** What another version of the contract says that decides beside this one (roll-out). */
  shadow: z
    .strictObject({
      version: z.int(),
      effect: z.enum(['allow', 'would-deny', 'deny']),
      clause: z.string().nullable(),
      reason: z.string().max(64),
    })
    .optional(),
});
export type Verdict = z.infer<typeof Verdict>;

const Text = z.string().max(4_096);
/** What happened. `path` and every other text are hostile: bounded here, escaped wherever shown. */
export const Event = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('exec'),
    path: Text,
    args: z.array(Text).max(256),
    truncated: z.boolean().optional(),
    uid: z.int().optional(),
    parent: z.string().max(64).optional(),
    /** `layer`: not from the image or approved code; `memory`: no file behind it. */
    drift: z.enum(['layer', 'memory']).optional(),
    /** The kernel refused to start it (EACCES, EPERM): nothing runs. */
    refused: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('exit'), status: z.int().optional() }),
  z.strictObject({
    kind: z.literal('open'),
    path: Text,
    write: z.boolean(),
    program: z.string().max(64).optional(),
    failed: z.boolean().optional(),
    /** It failed because the kernel refused it (EACCES, EPERM). */
    refused: z.boolean().optional(),
  }),
  z.strictObject({
    kind: z.literal('connect'),
    protocol: z.enum(['tcp', 'udp', 'unix', 'other']),
    address: Address,
    port: PortNumber,
    program: z.string().max(64).optional(),
    failed: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('accept'), address: Address, port: PortNumber }),
  /** A socket was put onto stdin, stdout or stderr: the shape of a reverse shell. */
  z.strictObject({ kind: z.literal('stdio-socket'), descriptor: z.int(), program: z.string().max(64).optional() }),
  /** The kernel refused a system call before it ran (seccomp). */
  z.strictObject({ kind: z.literal('denied-syscall'), number: z.int(), name: z.string().max(64).optional() }),
  /** A TCP connection through our data plane. */
  z.strictObject({
    kind: z.literal('flow'),
    direction: z.enum(['in', 'out']),
    /** The service on the other side, when its identity was proved or its address is declared. */
    peer: ServiceName.optional(),
    address: Address,
    port: PortNumber,
    mtls: z.boolean(),
    bytesIn: z.number().optional(),
    bytesOut: z.number().optional(),
    durationMs: z.number().optional(),
    verdict: Verdict,
  }),
  /** A request through our data plane. */
  z.strictObject({
    kind: z.literal('request'),
    direction: z.enum(['in', 'out']),
    method: z.string().max(32),
    /** Canonical, without query. */
    path: Text,
    /** The clause's path template, when one matched. */
    template: Text.optional(),
    peer: ServiceName.optional(),
    status: z.int().optional(),
    durationMs: z.number().optional(),
    verdict: Verdict,
  }),
  /** The sensor about itself. */
  z.strictObject({
    kind: z.literal('sensor'),
    state: z.enum(['started', 'stopped', 'lost', 'degraded']),
    lost: z.number().optional(),
    detail: Text.optional(),
  }),
]);
export type Event = z.infer<typeof Event>;
export type EventKind = Event['kind'];

export const Observation = z.strictObject({
  /** Unique for ever: `<host>:<agent boot>:<number>`; makes every handler idempotent. */
  id: z.string().min(1).max(256),
  /** Milliseconds since the epoch on the host's wall clock, with fractions. */
  at: z.number(),
  host: HostName,
  layer: Layer,
  service: ServiceName.nullable(),
  workload: z.string().max(160).nullable(),
  /** SPIFFE ID of the workload. */
  identity: z.string().max(2_048).nullable(),
  /** Who saw it: `bpftrace`, `bpf`, `strace`, `proc`, `sidecar`, `gateway`. */
  source: z.string().max(32),
  join: JoinKeys,
  event: Event,
});
export type Observation = z.infer<typeof Observation>;
