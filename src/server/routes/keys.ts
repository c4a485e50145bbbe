/** Keys of the control plane that change in one step. */
import { PeopleKeyRotated } from '../api/keys.js';
import type { Context } from '../context.js';
import { type Route, route } from '../http/route.js';

export const keyRoutes: readonly Route<Context>[] = [
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
