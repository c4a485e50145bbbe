/** Bases and bounds. */
import { z } from 'zod';
import { boundsFor, documentDigest } from '../../contract/index.js';
import { Bound } from '../../model/index.js';
import { BaseAnswer, BaseRequest, BoundAnswer, BoundRequest, PolicyAnswer } from '../api/policy.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { type Route, route } from '../http/route.js';
import { beyondBounds, parseAs } from '../policy.js';
import { reachOf } from '../reach.js';

export const policyRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/policy',
    answer: PolicyAnswer,
    handle: async ({ context: { store }, actor }) => {
      const [bases, bounds, services, reach] = await Promise.all([
        store.policies.bases(),
        store.policies.bounds(),
        store.services.list(),
        reachOf(store, actor, 'contract.read'),
      ]);
      const bounded = (bound: Bound) =>
        services
          .filter(({ name, labels }) => reach.has(name) && boundsFor([bound], labels).length > 0)
          .map(({ name }) => name);
      return { bases, bounds: bounds.map((one) => ({ ...one, services: bounded(one.document) })) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/policy/bases',
    body: BaseRequest,
    answer: BaseAnswer,
    bodyLimit: 2 << 20,
    handle: async ({ body, context: { store }, actor }) => {
      const document = parseAs('Base', body.text);
      const digest = documentDigest(document);
      await store.policies.putBase({ document, digest, by: actor.account });
      return { name: document.name, version: document.version, digest };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/policy/bounds',
    body: BoundRequest,
    answer: BoundAnswer,
    bodyLimit: 2 << 20,
    handle: async ({ body: { text, dryRun }, context, actor }) => {
      const bound = parseAs('Bound', text);
      const digest = documentDigest(bound);
      return context.changes.transact(async (tx, note) => {
        const bounded = (await tx.services.list()).filter(({ labels }) => boundsFor([bound], labels).length > 0);
        const labels = new Map(bounded.map((one) => [one.name, one.labels]));
        const outside = (await tx.contracts.allActive()).flatMap(({ service, contract }) => {
          const known = labels.get(service);
          if (known === undefined) return [];
          return beyondBounds(contract, [bound], known, context.clock.now()).map((one) => ({ service, ...one }));
        });
        const changed = !dryRun && (await tx.policies.putBound({ document: bound, digest, by: actor.account }));
        if (changed) note.revise();
        return { name: bound.name, digest, changed, services: [...labels.keys()], outside };
      });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/policy/bounds/:name/remove',
    params: z.strictObject({ name: Bound.shape.name }),
    body: z.strictObject({}),
    answer: z.strictObject({ name: z.string() }),
    handle: async ({ params: { name }, context, actor }) =>
      context.changes.transact(async (tx, note) => {
        if (!(await tx.policies.endBound(name, actor.account)))
          throw new ServerError('not-found', `no bound \`${name}\` is in force`, { hint: 'tricordon bound list' });
        note.revise();
        return { name };
      }),
  }),
];
