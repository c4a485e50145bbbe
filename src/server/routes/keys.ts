/** Keys of the control plane that change in one step. */
import { ConsoleKeyRotated, EvidenceKeyRotated, PeopleKeyRotated } from '../api/keys.js';
import type { Context } from '../context.js';
import { rotateEvidenceKey } from '../evidence/key-change.js';
import { type Route, route } from '../http/route.js';

export const keyRoutes: readonly Route<Context>[] = [
  route({
    method: 'POST',
    path: '/v1/keys/console/rotate',
    answer: ConsoleKeyRotated,
    handle: async ({ context: { doors, store }, actor }) => {
      const { fingerprint, notAfter } = await doors.replace('console');
      const detail = { fingerprint };
      await store.audit.append({ actor: actor.account, action: 'key.rotate', subject: 'console', detail });
      return { fingerprint, notAfter };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys/evidence/rotate',
    answer: EvidenceKeyRotated,
    handle: async ({ context, actor }) => {
      const { id, publicKey, since } = await rotateEvidenceKey(context, actor.account);
      return { id, publicKey, since: since ?? 0, older: context.authority.evidence.keys().length - 1 };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/keys/people/rotate',
    answer: PeopleKeyRotated,
    handle: async ({ context: { peopleKey, store }, actor }) => {
      const { resealed, unreadable } = await peopleKey.rotate(store, actor.account);
      return { resealed, unreadable: [...unreadable] };
    },
  }),
];
