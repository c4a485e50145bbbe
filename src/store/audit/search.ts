/** Searches the audit trail, newest first. It grows for ever, so one call looks at a bounded stretch of it. */
import { sql } from 'kysely';
import type { Database } from '../database/schema.js';
import { columnText, limitOf, type Page } from '../repositories/rows.js';

export interface AuditFilter extends Page {
  /** Only entries with a lower number: where the call before ended. */
  readonly before?: number;
  readonly actor?: string;
  /** One action (`contract.approve`), or with a full stop at its end all of a noun (`contract.`). */
  readonly action?: string;
  readonly subject?: string;
  /** Stands anywhere in the entry, in whatever case. */
  readonly text?: string;
  readonly since?: number;
  readonly until?: number;
}

/** How many entries one call looks at. */
const searchStretch = 20_000;

/** @returns the entries, and the lowest number that was looked at; 1: that was all */
export async function searchAudit(db: Database, filter: AuditFilter, head: number) {
  const top = Math.min(filter.before ?? head + 1, head + 1);
  const bottom = Math.max(1, top - searchStretch);
  const limit = limitOf(filter);
  let query = db
    .selectFrom('audit')
    .selectAll()
    .where('seq', '<', top)
    .where('seq', '>=', bottom)
    .orderBy('seq', 'desc')
    .limit(limit);
  if (filter.actor !== undefined) query = query.where('actor', '=', columnText(filter.actor));
  if (filter.subject !== undefined) query = query.where('subject', '=', columnText(filter.subject));
  if (filter.since !== undefined) query = query.where('at', '>=', filter.since);
  if (filter.until !== undefined) query = query.where('at', '<=', filter.until);
  if (filter.action !== undefined)
    query = filter.action.endsWith('.')
      ? query.where(sql<boolean>`starts_with(action, ${columnText(filter.action)})`)
      : query.where('action', '=', columnText(filter.action));
  if (filter.text !== undefined)
    query = query.where(
      // No pattern: nothing in the text has a meaning of its own.
      sql<boolean>`position(lower(${columnText(filter.text)}) in lower(concat_ws(' ', actor, action, subject, detail::text))) > 0`,
    );
  const rows = await query.execute();
  const last = rows.at(-1);
  return { rows, searchedTo: rows.length === limit && last !== undefined ? last.seq : bottom };
}
