/** The audit trail in the database. */
import { sql } from 'kysely';
import { z } from 'zod';
import { atomically, columnText, type Ground, limitOf, type Page } from '../repositories/rows.js';
import {
  type AuditEntry,
  type AuditHead,
  type AuditRecord,
  type AuditVerdict,
  chainWalker,
  entryHash,
  GENESIS,
} from './chain.js';
import { type AuditFilter, searchAudit } from './search.js';

const Detail = z.record(z.string(), z.unknown());
/** Writers queue here until their transaction ends; only so the chain has no forks. */
export const auditLock = 7_142_336_002;

export interface AuditTrail {
  /** Appends in the open transaction, so that the change and its entry are one. */
  append(record: AuditRecord): Promise<AuditEntry>;
  list(page?: Page & { readonly before?: number; readonly subject?: string }): Promise<AuditEntry[]>;
  /** Newest first. `searchedTo`: give it as `before` to go on from there; 1: the beginning is reached. */
  search(filter: AuditFilter): Promise<{ readonly entries: AuditEntry[]; readonly searchedTo: number }>;
  /** The whole chain from its first entry up to `last`, in order. */
  walk(last?: number): AsyncIterable<AuditEntry>;
  head(): Promise<AuditHead>;
  /** The hash of one entry; undefined: there is none of that number. */
  hashOf(seq: number): Promise<string | undefined>;
  /** Reads the whole chain. `checkpoint` is a head remembered outside of the database. */
  verify(checkpoint?: AuditHead): Promise<AuditVerdict>;
}

export function auditTrail({ db, clock }: Ground): AuditTrail {
  const head = async (from = db): Promise<AuditHead> => {
    const row = await from
      .selectFrom('audit')
      .select(['seq', 'hash'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ?? { seq: 0, hash: GENESIS };
  };
  async function* walk(last?: number): AsyncGenerator<AuditEntry> {
    for (let after = -1; ; ) {
      let query = db.selectFrom('audit').selectAll().where('seq', '>', after).orderBy('seq').limit(1_000);
      if (last !== undefined) query = query.where('seq', '<=', last);
      const rows = await query.execute();
      for (const row of rows) yield toEntry(row);
      const end = rows.at(-1);
      if (end === undefined) return;
      after = end.seq;
    }
  }
  return {
    append: (record) =>
      atomically(db, async (tx) => {
        await sql`select pg_advisory_xact_lock(${auditLock}::bigint)`.execute(tx);
        const last = await head(tx);
        // Through JSON once: what is hashed is what a reader will parse.
        const detail = Detail.parse(JSON.parse(JSON.stringify(record.detail)));
        const text = { actor: clean(record.actor), action: clean(record.action), subject: clean(record.subject) };
        const linked = { ...text, detail, seq: last.seq + 1, at: clock.now(), previous: last.hash };
        const entry = { ...linked, hash: entryHash(linked) };
        await tx
          .insertInto('audit')
          .values({ ...entry, detail: JSON.stringify(detail) })
          .execute();
        return entry;
      }),
    list: async (page = {}) => {
      let query = db.selectFrom('audit').selectAll().orderBy('seq', 'desc').limit(limitOf(page));
      if (page.before !== undefined) query = query.where('seq', '<', page.before);
      if (page.subject !== undefined) query = query.where('subject', '=', page.subject);
      return (await query.execute()).map(toEntry);
    },
    head: () => head(),
    hashOf: async (seq) =>
      (await db.selectFrom('audit').select('hash').where('seq', '=', seq).executeTakeFirst())?.hash,
    search: async (filter) => {
      const { rows, searchedTo } = await searchAudit(db, filter, (await head()).seq);
      return { entries: rows.map(toEntry), searchedTo };
    },
    walk,
    verify: async (checkpoint) => {
      const walker = chainWalker();
      for await (const entry of walk()) walker.add(entry);
      return walker.verdict(checkpoint);
    },
  };
}

function toEntry(row: Omit<AuditEntry, 'detail'> & { detail: unknown }): AuditEntry {
  const detail = Detail.safeParse(row.detail);
  // A tampered row may hold anything: it must break the chain, not the verifier.
  return { ...row, detail: detail.success ? detail.data : { unreadable: true } };
}

/** Changed before hashing, so the hash still fits the row. */
function clean(text: string): string {
  return columnText(text.slice(0, 1_024));
}
