/** What agents say and are told, `/agent/v1` (docs/architecture.md). The agent's own module declares the same shapes. */
import { z } from 'zod';
import {
  Action,
  AppliedBound,
  Attestation,
  CaptureRung,
  ContractVersion,
  Coverage,
  GlassOpening,
  HostName,
  ListeningSocket,
  Observation,
  Rollout,
  ServiceEndpoints,
  ServiceName,
  TokenIssuer,
  Workload,
} from '../../model/index.js';

export const agentLimits = {
  observationBytes: 8 << 20,
  observationRows: 5_000,
  evidenceFileBytes: 512 << 20,
  evidenceBytes: 2 * 2 ** 30,
  evidenceFiles: 2_000,
  /** How long `GET state` waits for a newer revision. */
  longPollMs: 25_000,
} as const;

/** SubjectPublicKeyInfo, PEM, EC P-256; the private key never leaves its process. */
const PublicKey = z.string().max(2_048);

export const Issued = z.strictObject({
  id: z.string(),
  /** Leaf first; the roots are in `bundles`. */
  chain: z.array(z.string()),
  notBefore: z.number(),
  notAfter: z.number(),
  trustDomain: z.string(),
  bundles: z.record(z.string(), z.array(z.string())),
});

/** `POST enroll`, without a client certificate. Repeating it with the same token and key gives a fresh certificate. */
export const EnrolRequest = z.strictObject({
  token: z.string().min(20).max(200),
  host: HostName,
  publicKey: PublicKey,
});
/** `POST renew`. */
export const RenewRequest = z.strictObject({ publicKey: PublicKey });

/** `POST workloads`: announces an attested workload before it gets traffic. */
export const WorkloadRequest = z.strictObject({
  id: z.string().max(160),
  service: ServiceName,
  attestation: Attestation,
  capture: CaptureRung,
  cgroup: z.string().max(512).nullable(),
  publicKey: PublicKey,
});
export const WorkloadAnswer = z.strictObject({ workload: Workload, svid: Issued, contract: ContractVersion });
/** `POST workloads/ID/svid`. */
export const SvidRequest = z.strictObject({ publicKey: PublicKey });
/** `POST workloads/ID/ended`. */
export const EndedRequest = z.strictObject({
  status: z.int().nullable().optional(),
  detail: z.string().max(1_024).optional(),
});
export const Done = z.strictObject({ ok: z.literal(true) });

/** `POST observations`. Each row is checked by itself: one bad row does not hold up the others. */
export const ObservationsRequest = z.strictObject({
  observations: z.array(z.unknown()).max(agentLimits.observationRows),
});
export const ObservationsAnswer = z.strictObject({
  /** Newly taken; the rest of the good ones were here already. */
  accepted: z.int(),
  duplicates: z.int(),
  /** Never taken, whatever is tried again; at most 20 are told. */
  refused: z.int(),
  reasons: z.array(z.strictObject({ index: z.int(), reason: z.string() })),
});
export const ObservationRow = Observation;

const Fingerprints = z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(8);

/** `POST report`, every few seconds and at every change. */
export const ReportRequest = z.strictObject({
  coverage: Coverage,
  lost: z.number().min(0),
  sockets: z.array(ListeningSocket).max(5_000),
  endpoints: z.array(ServiceEndpoints).max(1_000),
  /** Present state of this host's workloads. */
  workloads: z
    .array(z.strictObject({ id: z.string().max(160), state: Workload.shape.state }))
    .max(5_000)
    .default([]),
  /** Opened by this host's sealed code, lately; from protocol 2. */
  glass: z.array(GlassOpening).max(100).default([]),
  /** Fingerprints: what everything there trusts, and what its certificates stand under; from protocol 2. */
  roots: z.strictObject({ trusted: Fingerprints, used: Fingerprints }).optional(),
  /** Which key seals the spool now; says nothing else of it. */
  spoolKey: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
});

/** `GET time`: what an agent corrects its stamps by. */
export const TimeAnswer = z.strictObject({ now: z.number() });

/** `GET state?revision=N`: answers at once when ours is newer, else when it becomes so, at the latest after 25 s. */
export const StateAnswer = z.strictObject({
  revision: z.int(),
  trustDomain: z.string(),
  bundles: z.record(z.string(), z.array(z.string())),
  services: z.array(ServiceEndpoints),
  /** Active versions of the services on this host and of all they may call. */
  contracts: z.array(ContractVersion),
  revoked: z.array(z.string()),
  isolated: z.array(ServiceName),
  /** For this host, approved and not ended, in the order in which they are to be carried out. */
  actions: z.array(Action),
  /** Fingerprint of the root that signs now; from protocol 2, as what follows. */
  issuer: z.string().optional(),
  bounds: z.array(AppliedBound).max(1_000).optional(),
  /** Whose tokens say who a user is. */
  users: z.array(TokenIssuer).max(16).optional(),
  /** Versions that decide beside those in force, or in their place for a part. */
  rollouts: z.array(Rollout).max(1_000).optional(),
  glass: z
    .strictObject({
      /** Not this host's own: those it knows best. */
      open: z.array(GlassOpening),
      /** Of this host's sealed code; null: there is none. */
      codeHash: z.string().nullable(),
    })
    .optional(),
});

/** `POST actions/ID`. */
export const ActionResult = z.strictObject({
  status: z.enum(['running', 'done', 'failed', 'unavailable']),
  detail: z.string().max(4_096),
});

/** `POST evidence/ID` after its files: the manifest as collected. We check every file, add ours, and sign. */
export const EvidenceSealed = z.strictObject({ id: z.string(), manifestDigest: z.string(), files: z.int() });

/** `GET spool-pins`: what this host's spool has to keep for incidents that are not closed. */
export const SpoolPins = z.strictObject({
  pins: z.array(z.strictObject({ id: z.string(), since: z.number(), until: z.number() })),
});
