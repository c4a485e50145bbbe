/** The roots of the authority, and the change of them. */
import { AuthorityAnswer, RotationRequest } from '../api/authority.js';
import { askForStep, authorityView } from '../authority/rotation.js';
import type { Context } from '../context.js';
import { type Route, route } from '../http/route.js';

export const authorityRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/authority',
    answer: AuthorityAnswer,
    handle: ({ context }) => authorityView(context),
  }),
  route({
    method: 'POST',
    path: '/v1/authority/rotation',
    body: RotationRequest,
    answer: AuthorityAnswer,
    handle: async ({ body, context, actor }) => {
      await askForStep(context, body, actor.account);
      return authorityView(context);
    },
  }),
];
