/** Whose tokens count, with the keys as they were read last: in the database, so that they outlast us. */
import { z } from 'zod';
import { type TokenIssuer as Issuer, TokenIssuer } from '../../model/index.js';
import type { Repositories, Store } from '../../store/index.js';

const key = 'user-issuers';
const Kept = z.array(TokenIssuer);

export async function issuersIn(store: Pick<Store, 'settings'>): Promise<readonly Issuer[]> {
  const kept = Kept.safeParse(await store.settings.get(key));
  return kept.success ? kept.data : [];
}

export async function keepIssuers(tx: Pick<Repositories, 'settings'>, issuers: readonly Issuer[]): Promise<void> {
  await tx.settings.put(key, [...issuers]);
}
