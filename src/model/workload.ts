import { z } from 'zod';
import { HostName, ServiceName } from './names.js';

/** How a workload was launched, as attested; never what it says of itself. */
export const Attestation = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('process'),
    pid: z.int(),
    /** Clock ticks after boot. */
    start: z.number(),
    /** The program file and the script or binary given to it. */
    executable: z.string(),
    entry: z.string().nullable(),
    /** SHA-256 over the declared code directory (names, modes, contents). */
    codeDigest: z.string(),
    codeDirectory: z.string(),
    operator: z.string(),
    uid: z.int(),
  }),
  z.strictObject({
    kind: z.literal('docker'),
    container: z.string(),
    imageConfig: z.string(),
    imageManifest: z.string().nullable(),
    imageName: z.string(),
    pid: z.int(),
    start: z.number(),
  }),
]);
export type Attestation = z.infer<typeof Attestation>;

/** Signed facts about a workload; ride beside the SPIFFE ID. */
export const Attributes = z.record(z.string().max(64), z.string().max(512));
export type Attributes = z.infer<typeof Attributes>;

export const captureRungs = ['netns', 'docker', 'userns', 'loopback'] as const;
export const CaptureRung = z.enum(captureRungs);
export type CaptureRung = z.infer<typeof CaptureRung>;

export const Workload = z.strictObject({
  id: z.string(),
  service: ServiceName,
  host: HostName,
  identity: z.string(),
  attributes: Attributes,
  attestation: Attestation,
  /** How its traffic is taken: own namespace (root; of a command or a container), own user namespace, or loopback addresses handed over. */
  capture: CaptureRung,
  cgroup: z.string().nullable(),
  state: z.enum(['starting', 'running', 'paused', 'isolated', 'stopped']),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
});
export type Workload = z.infer<typeof Workload>;

/** A socket on which a protected service listens, and whether a neighbour can go around our data plane. */
export const ListeningSocket = z.strictObject({
  service: ServiceName,
  workload: z.string(),
  address: z.string(),
  port: z.int(),
  /** What listens: the workload itself or our data plane in front of it. */
  owner: z.enum(['workload', 'sidecar', 'gateway']),
  identity: z.string().nullable(),
  mtls: z.boolean(),
  contract: z.string().nullable(),
  bypassable: z.boolean(),
  reason: z.string(),
});
export type ListeningSocket = z.infer<typeof ListeningSocket>;
