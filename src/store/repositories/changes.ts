/** What changed, for those who follow: numbered in the order of commit, kept for as long as somebody may come back. */
import { sql } from 'kysely';
import { columnText, type Ground, limitOf, type Page } from './rows.js';

export interface RecordedChange {
  /** 1, 2, 3 and so on without a gap. */
  readonly seq: number;
  readonly at: number;
  readonly topic: string;
  readonly subject: string;
  readonly change: string;
}

export interface ChangeRepository {
  /**
   * Call it last in a transaction: writers queue here until theirs ends, which is what makes the order of numbers the
   * order of commit.
   */
  append(rows: readonly Pick<RecordedChange, 'topic' | 'subject' | 'change'>[]): Promise<void>;
  /** Oldest first. */
  after(seq: number, page?: Page): Promise<RecordedChange[]>;
  /** The numbers that are still there; both 0 when nothing was ever told. */
  bounds(): Promise<{ readonly oldest: number; readonly newest: number }>;
  /** Keeps the newest `keep`, at least one: the next number follows from it. */
  sweep(keep: number): Promise<void>;
}

const lock = 7_142_336_003;

export function changeRepository({ db, clock }: Ground): ChangeRepository {
  return {
    append: async (rows) => {
      if (rows.length === 0) return;
      await sql`select pg_advisory_xact_lock(${lock}::bigint)`.execute(db);
      await sql`
        insert into changes (seq, at, topic, subject, change)
        select (select coalesce(max(seq), 0) from changes) + n, ${clock.now()}::float8, topic, subject, change
        from unnest(
          ${rows.map((row) => row.topic)}::text[], ${rows.map((row) => columnText(row.subject))}::text[],
          ${rows.map((row) => columnText(row.change))}::text[]) with ordinality as told (topic, subject, change, n)`.execute(
        db,
      );
    },
    after: (seq, page = {}) =>
      db.selectFrom('changes').selectAll().where('seq', '>', seq).orderBy('seq').limit(limitOf(page)).execute(),
    bounds: async () => {
      const { rows } = await sql<{ oldest: number; newest: number }>`
        select coalesce(min(seq), 0) as oldest, coalesce(max(seq), 0) as newest from changes`.execute(db);
      return rows[0] ?? { oldest: 0, newest: 0 };
    },
    sweep: async (keep) => {
      await sql`delete from changes where seq <= (select max(seq) from changes) - ${Math.max(1, keep)}::bigint`.execute(
        db,
      );
    },
  };
}
