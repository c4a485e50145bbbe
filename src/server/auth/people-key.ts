/** The key of second factors, and its change: everything is sealed anew in one transaction, then the older key goes. */
import { randomBytes } from 'node:crypto';
import { keepSealingRing, type KeyPlace, openSealingRing } from '../../identity/index.js';
import type { Repositories, Store } from '../../store/index.js';
import { createSealer, type Sealer } from './sealed.js';
import { totpPlace } from './sign-in.js';

export interface PeopleKey {
  readonly sealer: Sealer;
  /** Killed at any step, the next start ends it. */
  rotate(store: Pick<Store, 'transaction'>, by: string): Promise<Resealed>;
  /** Ends a change that was cut off. */
  settle(store: Pick<Store, 'transaction'>): Promise<void>;
}

export interface Resealed {
  /** Second factors that are sealed under the new key. */
  readonly resealed: number;
  /** Accounts whose second factor opens with no key of ours: they are as they were, and need another one. */
  readonly unreadable: readonly string[];
}

/** @throws IdentityError `ca-directory-unsafe`, `ca-broken`, `key-sealed` */
export async function openPeopleKey(place: KeyPlace): Promise<PeopleKey> {
  let ring = await openSealingRing(place);
  const sealer = createSealer(() => [ring.current, ...ring.older.map(({ key }) => key)]);
  let queue: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  };

  async function keep(next: typeof ring): Promise<void> {
    await keepSealingRing(place, next);
    ring = next;
  }

  async function finish(store: Pick<Store, 'transaction'>, by: string): Promise<Resealed> {
    const done = await store.transaction((tx) => resealAll(tx, sealer, by));
    await keep({ current: ring.current, older: [] });
    return done;
  }

  return {
    sealer,
    rotate: (store, by) =>
      alone(async () => {
        if (ring.older.length === 0) await keep({ current: randomBytes(32), older: [{ key: ring.current, until: 0 }] });
        return finish(store, by);
      }),
    settle: (store) =>
      alone(async () => {
        if (ring.older.length > 0) await finish(store, 'control plane');
      }),
  };
}

async function resealAll({ credentials, audit }: Repositories, sealer: Sealer, by: string): Promise<Resealed> {
  const unreadable = new Set<string>();
  let resealed = 0;
  for (const { account, totp, pending } of await credentials.sealed()) {
    const again = (sealed: string | null) => {
      if (sealed === null) return null;
      const secret = sealer.open(sealed, totpPlace(account));
      if (secret === undefined) unreadable.add(account);
      return secret === undefined ? sealed : sealer.seal(secret, totpPlace(account));
    };
    await credentials.reseal(account, { totp: again(totp), pending: again(pending) });
    if (totp !== null && !unreadable.has(account)) resealed += 1;
  }
  const detail = { resealed, unreadable: [...unreadable].slice(0, 100) };
  await audit.append({ actor: by, action: 'key.rotate', subject: 'people', detail });
  return { resealed, unreadable: [...unreadable] };
}
