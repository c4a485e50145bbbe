/** Reads the keys of identity providers again and again; changed ones reach every data plane with the next snapshot. */
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../base/index.js';
import { parseKeySet } from '../../identity/index.js';
import type { TokenIssuer } from '../../model/index.js';
import type { Context } from '../context.js';
import { issuersIn, keepIssuers } from '../users/issuers.js';
import { readKeySet } from '../users/key-source.js';

const everyMs = 60_000;

type Reading = Pick<Context, 'config' | 'store' | 'changes' | 'log' | 'unreadKeys'>;

/** Reads them once before it resolves. Returns what ends it. */
export async function startReadingKeys(context: Context): Promise<() => void> {
  const { config, log } = context;
  const stop = new AbortController();
  let busy = false;
  const once = async () => {
    if (busy) return;
    busy = true;
    await readKeys(context, stop.signal)
      .catch((error: unknown) => log.warn({ reason: messageOf(error) }, 'the keys of users are kept later'))
      .finally(() => {
        busy = false;
      });
  };
  await once();
  const timer = config.users.length === 0 ? undefined : setInterval(() => void once(), everyMs);
  timer?.unref();
  return () => {
    stop.abort();
    clearInterval(timer);
  };
}

/** What cannot be read stays as it was: a provider that is away for an hour signs nobody out. Without keys nobody's token counts. */
export async function readKeys(context: Reading, signal: AbortSignal): Promise<void> {
  const { config, store, changes, unreadKeys } = context;
  const before = await issuersIn(store);
  const now: TokenIssuer[] = [];
  for (const { issuer, audiences, keys: from } of config.users) {
    const kept = before.find((one) => one.issuer === issuer)?.keys ?? [];
    try {
      now.push({ issuer, audiences, keys: [...parseKeySet(await readKeySet(from, signal))] });
      unreadKeys.delete(issuer);
    } catch (error) {
      if (signal.aborted) return;
      unreadKeys.set(issuer, messageOf(error));
      context.log.warn({ issuer, reason: messageOf(error) }, 'the keys of an issuer of tokens cannot be read');
      now.push({ issuer, audiences, keys: kept });
    }
  }
  if (isDeepStrictEqual(before, now)) return;
  await changes.transact(async (tx, note) => {
    await keepIssuers(tx, now);
    await tx.audit.append({
      actor: 'control plane',
      action: 'users.keys',
      subject: 'users',
      detail: { issuers: now.map(({ issuer, audiences, keys }) => ({ issuer, audiences, keys: keys.map(nameOf) })) },
    });
    note.revise();
  });
}

function nameOf({ kty, kid }: TokenIssuer['keys'][number]): string {
  return kid === undefined ? kty : `${kty} ${kid}`;
}
