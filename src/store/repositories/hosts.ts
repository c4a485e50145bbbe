/** Hosts with an agent: their certificate, what covers them, what listens on them; and the tokens that let them in. */
import { z } from 'zod';
import { HostCoverage, ListeningSocket, ServiceEndpoints } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';
import { atomically, type Ground, hashSecret } from './rows.js';

export interface HostRecord {
  readonly name: string;
  /** Serial of the agent certificate that is valid now; an older one is refused. */
  readonly certificateSerial: string;
  readonly enrolledAt: number;
  readonly lastSeenAt: number;
  readonly coverage: HostCoverage | null;
  readonly sockets: readonly ListeningSocket[];
  readonly endpoints: readonly z.infer<typeof ServiceEndpoints>[];
}

/** What an agent reports of its host; it replaces what it reported before. */
export interface HostReport {
  readonly coverage?: HostCoverage;
  readonly sockets?: readonly ListeningSocket[];
  readonly endpoints?: readonly z.infer<typeof ServiceEndpoints>[];
}

export interface HostRepository {
  /** A one-time token; only its SHA-256 is kept. */
  createEnrolToken(by: string, ttlMs: number): Promise<string>;
  /** Uses the token up. False when it is unknown, used or too old: the same answer for each. */
  redeemEnrolToken(token: string, host: string): Promise<boolean>;
  /** Notes the certificate of a new or renewed agent. */
  enrol(host: string, certificateSerial: string): Promise<void>;
  /** @throws StoreError `not-found` for a host that was never enrolled. */
  report(host: string, report: HostReport): Promise<void>;
  get(host: string): Promise<HostRecord | undefined>;
  list(): Promise<HostRecord[]>;
}

export function hostRepository(
  { db, clock, limits, secret }: Ground,
  auditIn: (tx: Database) => AuditTrail,
): HostRepository {
  return {
    createEnrolToken: (by, ttlMs) =>
      atomically(db, async (tx) => {
        const token = secret();
        const now = limits.now();
        await tx
          .insertInto('enrol_tokens')
          .values({ hash: hashSecret(token), created_at: now, expires_at: now + ttlMs, used_at: null, used_by: null })
          .execute();
        await auditIn(tx).append({
          actor: by,
          action: 'host.invite',
          subject: 'enrol token',
          detail: { expiresAt: now + ttlMs },
        });
        return token;
      }),
    redeemEnrolToken: async (token, host) => {
      const now = limits.now();
      const done = await db
        .updateTable('enrol_tokens')
        .set({ used_at: now, used_by: host })
        .where('hash', '=', hashSecret(token))
        .where('used_at', 'is', null)
        .where('created_at', '<=', now)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return done.numUpdatedRows === 1n;
    },
    enrol: (host, serial) =>
      atomically(db, async (tx) => {
        const now = clock.now();
        await tx
          .insertInto('hosts')
          .values({ name: host, certificate_serial: serial, enrolled_at: now, last_seen_at: now, coverage: null })
          .onConflict((conflict) =>
            conflict.column('name').doUpdateSet({ certificate_serial: serial, last_seen_at: now }),
          )
          .execute();
        await auditIn(tx).append({ actor: `agent/${host}`, action: 'host.certify', subject: host, detail: { serial } });
      }),
    report: async (host, report) => {
      const done = await db
        .updateTable('hosts')
        .set({
          last_seen_at: clock.now(),
          ...(report.coverage === undefined ? {} : { coverage: JSON.stringify(report.coverage) }),
          ...(report.sockets === undefined ? {} : { sockets: JSON.stringify(report.sockets) }),
          ...(report.endpoints === undefined ? {} : { endpoints: JSON.stringify(report.endpoints) }),
        })
        .where('name', '=', host)
        .executeTakeFirst();
      if (done.numUpdatedRows === 0n) throw new StoreError('not-found', `host \`${host}\` is not enrolled`);
    },
    get: async (host) => {
      const row = await db.selectFrom('hosts').selectAll().where('name', '=', host).executeTakeFirst();
      return row && toRecord(row);
    },
    list: async () => (await db.selectFrom('hosts').selectAll().orderBy('name').execute()).map(toRecord),
  };
}

interface Row {
  name: string;
  certificate_serial: string;
  enrolled_at: number;
  last_seen_at: number;
  coverage: unknown;
  sockets: unknown;
  endpoints: unknown;
}

function toRecord(row: Row): HostRecord {
  return {
    name: row.name,
    certificateSerial: row.certificate_serial,
    enrolledAt: row.enrolled_at,
    lastSeenAt: row.last_seen_at,
    coverage: HostCoverage.nullable().parse(row.coverage),
    sockets: z.array(ListeningSocket).parse(row.sockets),
    endpoints: z.array(ServiceEndpoints).parse(row.endpoints),
  };
}
