import { z } from 'zod';
import { explainRecorded } from '../../contract/index.js';
import { DecisionAnswer } from '../api/decisions.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { type Route, route } from '../http/route.js';
import { boundsOf } from '../policy.js';
import { reachOf } from '../reach.js';

const Id = z.string().regex(/^[\x21-\x7e]{1,256}$/);

export const decisionRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/decisions/:id',
    params: z.strictObject({ id: Id }),
    answer: DecisionAnswer,
    handle: async ({ params: { id }, context: { store }, actor }) => {
      const [observation, reach, contracts] = await Promise.all([
        store.observations.decision(id),
        reachOf(store, actor, 'observation.read'),
        reachOf(store, actor, 'contract.read'),
      ]);
      const service = observation?.service ?? null;
      // What lies outside of a limited role is answered as what does not exist.
      if (observation === undefined || (reach.services !== undefined && (service === null || !reach.has(service))))
        throw unknown(id);
      const { event } = observation;
      const verdict = 'verdict' in event ? event.verdict : undefined;
      const mayRead = service !== null && contracts.has(service);
      const [decided, active, bounds] = mayRead
        ? await Promise.all([
            verdict?.version === undefined || verdict.version === null
              ? undefined
              : store.contracts.get(service, verdict.version),
            store.contracts.active(service),
            boundsOf(store, service),
          ])
        : [];
      const explained = explainRecorded(observation, decided, active, bounds);
      if (explained === undefined) throw unknown(id);
      const { nearest, change } = explained;
      return {
        observation,
        ...explained,
        nearest: [...nearest],
        change: change === null ? null : [...change],
        state: decided?.state ?? null,
      };
    },
  }),
];

function unknown(id: string): ServerError {
  return new ServerError('not-found', `no decision \`${id}\` is known`, {
    hint: 'it may still be in the spool of its host, or was let go of: `tricordon status` says how far back decisions are kept',
  });
}
