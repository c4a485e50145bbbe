import { z } from 'zod';
import { diskLevels } from '../../base/index.js';
import { GlassOpening, Labels, Workload } from '../../model/index.js';
import { HostRow, SocketRow } from './coverage.js';
import { HeldBy, ServiceRef, Time } from './common.js';

/** What one store holds, how much it may, and what it let go of. */
export const StoreRow = z.strictObject({
  store: z.enum(['decisions', 'observations', 'evidence', 'signals', 'queue', 'audit', 'incidents', 'changes']),
  bytes: z.int(),
  /** Null: it has no quota in bytes. */
  quota: z.int().nullable(),
  oldest: Time.nullable(),
  /** `pinned-over`: what must stay is alone more than the quota. `refusing`: nothing new is taken. */
  state: z.enum(['ok', 'pinned-over', 'refusing']),
  dropped: z.array(
    z.strictObject({
      reason: z.string(),
      rows: z.int(),
      bytes: z.int(),
      /** Of the time that is no longer there. */
      since: Time,
      until: Time,
    }),
  ),
});

/** `GET /v1/status`. */
export const StatusAnswer = z.strictObject({
  schemaVersion: z.literal(1),
  instance: z.string(),
  version: z.string(),
  trustDomain: z.string(),
  startedAt: Time,
  now: Time,
  database: z.strictObject({ ok: z.boolean(), detail: z.string() }),
  console: z.strictObject({ url: z.string(), fingerprint: z.string() }),
  agents: z.strictObject({ url: z.string() }),
  /** `needToken`: hosts that come back with a new token only. */
  authority: z.strictObject({ expiresAt: Time, needToken: z.array(z.string()) }),
  audit: z.strictObject({ length: z.int(), head: z.string() }),
  /** Observations taken but not yet judged. */
  pending: z.int(),
  /** Counts every change of what agents and sidecars run on; `tricordon status -o json` says which each of them holds. */
  revision: z.int(),
  incidents: z.strictObject({ open: z.int(), contained: z.int() }),
  cspViolations: z.int(),
  /** Break-glass that is open now. */
  glass: z.array(GlassOpening),
  /** Messages that could not be sent since the start. */
  unsentMail: z.int(),
  /** Issuers of tokens whose keys could not be read just now; those that were read last count on. */
  unreadKeys: z.array(z.strictObject({ issuer: z.string(), reason: z.string() })),
  hosts: z.array(HostRow),
  services: z.array(
    z.strictObject({
      service: ServiceRef,
      labels: Labels,
      contract: HeldBy.nullable(),
      running: z.int(),
      state: z.string(),
    }),
  ),
  sockets: z.array(SocketRow),
  stores: z.array(StoreRow),
  /** Of the control plane's data directory. */
  disk: z.strictObject({ level: z.enum(diskLevels), freeBytes: z.int(), totalBytes: z.int() }),
});

/** `GET /v1/workloads?service=&running=true`. */
export const WorkloadsAnswer = z.strictObject({ workloads: z.array(Workload) });

/** `POST /v1/enrolment-tokens`: lets one named host join. */
export const EnrolRequest = z.strictObject({
  host: Workload.shape.host,
  ttlSeconds: z
    .int()
    .min(30)
    .max(7 * 86_400)
    .default(900),
});
/** `POST /v1/hosts/HOST/withdraw`. */
export const HostWithdrawn = z.strictObject({
  host: z.string(),
  /** How many workloads of it were running and count as ended now. */
  workloads: z.int(),
});
export const EnrolToken = z.strictObject({
  token: z.string(),
  host: z.string(),
  expiresAt: Time,
  /** Where the agent finds us, and the fingerprint it must check before it says the token. */
  agentUrl: z.string(),
  fingerprint: z.string(),
});
