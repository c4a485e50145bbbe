/** A proposed version beside the one in force, or in its place for a part. */
import { z } from 'zod';
import { notHeld } from '../../contract/index.js';
import { ServiceName } from '../../model/index.js';
import { RolloutAnswer, RolloutEndRequest, RolloutRequest } from '../api/rollouts.js';
import { requireSecondPerson } from '../auth/access.js';
import type { Context } from '../context.js';
import { versionOf } from '../contract-versions.js';
import { ServerError } from '../errors.js';
import { type Route, route } from '../http/route.js';
import { beyondBounds, boundsOf, refuseBeyond } from '../policy.js';
import { noService } from '../reach.js';

const OfService = z.strictObject({ service: ServiceName });
const shown = 20;

export const rolloutRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/contracts/:service/rollout',
    params: OfService,
    answer: RolloutAnswer,
    handle: async ({ params: { service }, context }) => answerOf(context, service),
  }),
  route({
    method: 'POST',
    path: '/v1/contracts/:service/rollout',
    params: OfService,
    body: RolloutRequest,
    answer: RolloutAnswer,
    handle: async ({ params: { service }, body, context, actor }) => {
      const candidate = await versionOf(context, service, body.version);
      if (context.config.fourEyes && body.stage.percent > 0)
        requireSecondPerson(actor, candidate.proposedBy, candidate.version);
      const open = notHeld(candidate.contract);
      if (open.length > 0) throw new ServerError('conflict', open.slice(0, 10).join('; '));
      await context.changes.transact(async (tx, note) => {
        if ((await tx.contracts.active(service)) === undefined) throw noService(service);
        const labels = (await tx.services.get(service))?.labels ?? {};
        const now = context.clock.now();
        refuseBeyond(service, beyondBounds(candidate.contract, await boundsOf(tx, service), labels, now));
        await tx.rollouts.begin({ service, ...body, by: actor.account });
        note.revise();
        note.tell('contracts', service, 'rollout');
      });
      return answerOf(context, service);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/contracts/:service/rollout/end',
    params: OfService,
    body: RolloutEndRequest,
    answer: RolloutAnswer,
    handle: async ({ params: { service }, body, context, actor }) => {
      await context.changes.transact(async (tx, note) => {
        if (!(await tx.rollouts.end(service, actor.account, body.reason)))
          throw new ServerError('not-found', `no version of \`${service}\` is on its way into force`);
        note.revise();
        note.tell('contracts', service, 'rollout');
      });
      return answerOf(context, service);
    },
  }),
];

async function answerOf({ store }: Context, service: string): Promise<z.input<typeof RolloutAnswer>> {
  const known = (await store.rollouts.list(service, shown)).map((one) => ({
    ...one,
    flips: one.flips.toSorted((a, b) => b.count - a.count || b.lastAt - a.lastAt),
  }));
  const [rollout] = known.filter(({ endedAt }) => endedAt === null);
  return { service, rollout: rollout ?? null, earlier: known.filter(({ endedAt }) => endedAt !== null) };
}
