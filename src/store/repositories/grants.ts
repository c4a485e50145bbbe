/** What an account holds now. */
import { z } from 'zod';
import { Grant } from '../../model/index.js';
import type { Database } from '../database/schema.js';
import { StoreError } from '../store-error.js';

/** @throws StoreError `not-found` when it is not active */
export async function activeAccount(
  tx: Database,
  name: string,
): Promise<{ readonly role: string; readonly grants: readonly Grant[] }> {
  const row = await tx
    .selectFrom('accounts')
    .select(['role', 'grants'])
    .where('name', '=', name)
    .where('state', '=', 'active')
    .executeTakeFirst();
  if (row === undefined) throw new StoreError('not-found', `no account \`${name}\``);
  return { role: row.role, grants: toGrants(row.grants) };
}

/** What cannot be read counts for nothing. */
export function toGrants(kept: unknown): Grant[] {
  return z.array(Grant).catch([]).parse(kept);
}
