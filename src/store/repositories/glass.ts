/** Break-glass: openings, which end by themselves, and the hashes of the hosts' sealed codes. */
import { GlassOpening } from '../../model/index.js';
import type { AuditTrail } from '../audit/audit-trail.js';
import type { Database } from '../database/schema.js';
import { atomically, type Ground, limitOf, type Page } from './rows.js';

export interface HostCode {
  readonly host: string;
  readonly hash: string;
  readonly madeAt: number;
  readonly madeBy: string;
}

export interface GlassRepository {
  /** Audited. Idempotent on the id: what a host reports again changes nothing; returns whether it was new. */
  open(opening: GlassOpening): Promise<boolean>;
  get(id: string): Promise<GlassOpening | undefined>;
  /** Audited. What is closed stays as it was closed; returns whether it was open. */
  close(id: string, closed: { readonly at: number; readonly by: string }): Promise<boolean>;
  /** Not closed, though its time may have come. */
  standing(): Promise<GlassOpening[]>;
  /** Newest first. */
  list(page?: Page): Promise<GlassOpening[]>;
  /** The host's code from now on: the one before is worth nothing. Audited; null takes it away. */
  setCode(host: string, hash: string | null, by: string): Promise<void>;
  code(host: string): Promise<HostCode | undefined>;
}

export function glassRepository({ db, clock }: Ground, auditIn: (tx: Database) => AuditTrail): GlassRepository {
  const parse = (rows: readonly { body: unknown }[]) => rows.map(({ body }) => GlassOpening.parse(body));
  return {
    open: (opening) =>
      atomically(db, async (tx) => {
        const { id, host, openedAt, until, closed, by, reason, services, layers } = opening;
        const done = await tx
          .insertInto('glass')
          .values({
            id,
            host,
            opened_at: openedAt,
            until,
            closed_at: closed?.at ?? null,
            body: JSON.stringify(opening),
          })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (done.numInsertedOrUpdatedRows !== 1n) return false;
        const detail = { services: services?.join(', ') ?? 'all', layers: layers.join(', '), host, until, reason };
        await auditIn(tx).append({ actor: by, action: 'glass.open', subject: id, detail });
        return true;
      }),
    get: async (id) => parse(await db.selectFrom('glass').select('body').where('id', '=', id).execute())[0],
    close: (id, closed) =>
      atomically(db, async (tx) => {
        const found = await tx.selectFrom('glass').select('body').where('id', '=', id).forUpdate().executeTakeFirst();
        const opening = found && GlassOpening.parse(found.body);
        if (opening === undefined || opening.closed !== null) return false;
        const body = JSON.stringify({ ...opening, closed });
        await tx.updateTable('glass').set({ closed_at: closed.at, body }).where('id', '=', id).execute();
        await auditIn(tx).append({ actor: closed.by, action: 'glass.close', subject: id, detail: { at: closed.at } });
        return true;
      }),
    standing: async () =>
      parse(
        await db
          .selectFrom('glass')
          .select('body')
          .where('closed_at', 'is', null)
          .orderBy('until')
          .limit(1_000)
          .execute(),
      ),
    list: async (page = {}) =>
      parse(
        await db
          .selectFrom('glass')
          .select('body')
          .orderBy('opened_at', 'desc')
          .orderBy('id')
          .limit(limitOf(page))
          .execute(),
      ),
    setCode: (host, hash, by) =>
      atomically(db, async (tx) => {
        if (hash === null) await tx.deleteFrom('glass_codes').where('host', '=', host).execute();
        else {
          const row = { hash, made_at: clock.now(), made_by: by };
          await tx
            .insertInto('glass_codes')
            .values({ host, ...row })
            .onConflict((conflict) => conflict.column('host').doUpdateSet(row))
            .execute();
        }
        const action = hash === null ? 'glass.code-used' : 'glass.code';
        await auditIn(tx).append({ actor: by, action, subject: host, detail: {} });
      }),
    code: async (host) => {
      const row = await db.selectFrom('glass_codes').selectAll().where('host', '=', host).executeTakeFirst();
      return row && { host: row.host, hash: row.hash, madeAt: row.made_at, madeBy: row.made_by };
    },
  };
}
