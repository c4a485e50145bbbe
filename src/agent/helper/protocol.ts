/**
 * What agent and privileged helper say to each other: JSON lines over a stream that the helper inherits as fd 3. One line
 * asks `{id, verb, ...}`, one line answers `{id, ok, value | error}`; a `sensor` line carries one raw line of a running
 * sensor. Verbs are a closed list, each with its own schema; whatever is beneath a path or pid is checked in `verbs.ts`.
 */
import { z } from 'zod';
import { codeFlaws } from '../../identity/index.js';
import { Attestation, CaptureRung } from '../../model/index.js';
import { Glimpse, kernelTracers } from '../../sensor/index.js';
import { ContainerEvidence } from '../confine/docker/evidence.js';
import { CaptureSpec, CleanPath, Prepared } from '../confine/rung.js';
import { helperCodes } from './errors.js';

/** Longest line the helper accepts, and the longest it answers: a code directory's list of files is the largest. */
export const maxHelperLine = 4 * 1024 * 1024;
export const maxHelperAnswer = 64 * 1024 * 1024;

/** One process for ever: the start time is field 22 of `/proc/PID/stat`. */
export const ProcessRef = z.strictObject({ pid: z.int().min(2).max(4_194_304), start: z.number().min(0) });
export type ProcessRef = z.infer<typeof ProcessRef>;

export const PlaneProcesses = z.strictObject({ sidecar: ProcessRef, inlet: ProcessRef.nullable() });
export type PlaneProcesses = z.infer<typeof PlaneProcesses>;

/** What a process is, read with the rights that the agent lacks. Names of environment variables, never values. */
export const ProcessDescription = z.strictObject({
  pid: z.int(),
  start: z.number(),
  ppid: z.int(),
  uid: z.int(),
  gid: z.int(),
  comm: z.string(),
  executable: z.string().nullable(),
  /** SHA-256 of the file behind /proc/PID/exe, even if it was deleted since. */
  executableDigest: z.string().nullable(),
  cwd: z.string().nullable(),
  commandLine: z.array(z.string()),
  environmentNames: z.array(z.string()),
  cgroup: z.string().nullable(),
  descriptors: z.array(z.strictObject({ fd: z.int(), target: z.string() })),
  maps: z.string(),
  status: z.string(),
  /** Lines of /proc/PID/net/tcp and tcp6. */
  sockets: z.string(),
});
export type ProcessDescription = z.infer<typeof ProcessDescription>;

/** The workload a verb is about, by what `workload.prepare` answered. */
const about = { prepared: Prepared };

/** The same, with the process that became COMMAND: its descendants are meant where there is no cgroup. */
const aboutAll = { ...about, command: ProcessRef.nullable().optional() };

export const Request = z.discriminatedUnion('verb', [
  z.strictObject({ id: z.int(), verb: z.literal('hello') }),
  z.strictObject({ id: z.int(), verb: z.literal('sensor.probe'), tracer: z.enum(kernelTracers) }),
  z.strictObject({
    id: z.int(),
    verb: z.literal('sensor.start'),
    /** Chosen by the agent; two may run at once so that one takes over from the other without a gap. */
    session: z.int().min(1),
    /** This agent's first session, drawn at random: numbers never meet those of an agent before it. */
    first: z.int().min(1),
    tracer: z.enum(kernelTracers),
    /** What to watch; the script or program is the helper's own. Parents must be cgroups of this house. */
    selection: z.strictObject({
      parents: z.array(z.string().regex(/^[1-9][0-9]{0,18}$/)).max(64),
      containers: z.boolean(),
    }),
  }),
  z.strictObject({ id: z.int(), verb: z.literal('sensor.stop'), session: z.int().min(1) }),
  z.strictObject({ id: z.int(), verb: z.literal('capture.probe') }),
  z.strictObject({ id: z.int(), verb: z.literal('workload.prepare'), spec: CaptureSpec }),
  z.strictObject({ id: z.int(), verb: z.literal('workload.cleanup'), ...about }),
  z.strictObject({ id: z.int(), verb: z.literal('plane.spawn'), ...about, control: CleanPath, log: CleanPath }),
  z.strictObject({ id: z.int(), verb: z.literal('pause'), ...aboutAll }),
  z.strictObject({ id: z.int(), verb: z.literal('resume'), ...aboutAll }),
  z.strictObject({ id: z.int(), verb: z.literal('isolate'), ...about }),
  z.strictObject({ id: z.int(), verb: z.literal('rejoin'), ...about }),
  z.strictObject({ id: z.int(), verb: z.literal('kill'), ...aboutAll }),
  z.strictObject({ id: z.int(), verb: z.literal('processes'), ...aboutAll }),
  z.strictObject({ id: z.int(), verb: z.literal('processes.look'), ...aboutAll }),
  z.strictObject({ id: z.int(), verb: z.literal('process.describe'), process: ProcessRef, ...about }),
  z.strictObject({
    id: z.int(),
    verb: z.literal('memory.read'),
    ...about,
    process: ProcessRef,
    /** A new file beneath the evidence directory; created 0600 for the agent's account. */
    into: CleanPath,
    maxBytes: z
      .int()
      .min(4_096)
      .max(4 * 1024 ** 3),
  }),
  z.strictObject({ id: z.int(), verb: z.literal('code.digest'), ...about, directory: CleanPath }),
  z.strictObject({ id: z.int(), verb: z.literal('container.attest'), process: ProcessRef, ...about }),
  z.strictObject({ id: z.int(), verb: z.literal('container.evidence'), ...about }),
]);
export type Request = z.infer<typeof Request>;
export type Verb = Request['verb'];

export const MemoryRead = z.strictObject({
  bytes: z.int(),
  regions: z.int(),
  /** Regions that could not be read or did not fit into `maxBytes`. */
  skipped: z.int(),
});

/** What each verb answers. */
export const answers = {
  hello: z.strictObject({ pid: z.int(), uid: z.int(), protocol: z.literal(1) }),
  'sensor.probe': z.strictObject({ usable: z.boolean(), reason: z.string().optional(), fix: z.string().optional() }),
  'sensor.start': z.null(),
  'sensor.stop': z.null(),
  /** Which rung commands get here, and why no stronger one. */
  'capture.probe': z.strictObject({
    rung: CaptureRung,
    passedOver: z.array(z.strictObject({ name: CaptureRung, reason: z.string(), fix: z.string().nullable() })),
  }),
  'workload.prepare': Prepared,
  'workload.cleanup': z.null(),
  'plane.spawn': PlaneProcesses,
  pause: z.strictObject({ processes: z.int() }),
  resume: z.strictObject({ processes: z.int() }),
  isolate: z.null(),
  rejoin: z.null(),
  kill: z.strictObject({ processes: z.int() }),
  processes: z.array(ProcessRef),
  'processes.look': z.array(Glimpse),
  'process.describe': ProcessDescription,
  'memory.read': MemoryRead,
  'code.digest': z.strictObject({
    digest: z.string(),
    files: z.array(z.strictObject({ path: z.string(), mode: z.int(), bytes: z.int(), sha256: z.string() })),
    flaw: z.strictObject({ code: z.enum(codeFlaws), message: z.string() }).nullable(),
  }),
  'container.attest': Attestation,
  'container.evidence': ContainerEvidence,
} as const satisfies Record<Verb, z.ZodType>;

export type Answer<V extends Verb> = z.infer<(typeof answers)[V]>;
/** What a caller gives for a verb. */
export type Ask<V extends Verb> = Omit<Extract<Request, { verb: V }>, 'id' | 'verb'>;

export const Reply = z.union([
  z.strictObject({ id: z.int(), ok: z.literal(true), value: z.unknown() }),
  z.strictObject({
    id: z.int(),
    ok: z.literal(false),
    error: z.strictObject({ code: z.enum(helperCodes), message: z.string(), hint: z.string().optional() }),
  }),
  z.strictObject({ sensor: z.int(), line: z.string() }),
  /** The tracer of this session ended, wanted or not. */
  z.strictObject({ sensor: z.int(), ended: z.string() }),
  /** Said by the supervisor, which holds the socket: this helper died, its successor will answer. */
  z.strictObject({ gone: z.literal(true) }),
]);
export type Reply = z.infer<typeof Reply>;
