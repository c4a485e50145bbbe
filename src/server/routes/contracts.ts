import { z } from 'zod';
import { contractDigest, gatewayService, printContract } from '../../contract/index.js';
import { type ContractVersion, ServiceName } from '../../model/index.js';
import {
  ContractAnswer,
  ContractsAnswer,
  DecideRequest,
  ModeRequest,
  ProposeRequest,
  RejectRequest,
} from '../api/contracts.js';
import { requireSecondPerson } from '../auth/access.js';
import type { Context } from '../context.js';
import { approve, changeMode, draftOf } from '../contracts.js';
import { isLive, learnedVersion, versionOf } from '../contract-versions.js';
import { ServerError } from '../errors.js';
import { type Route, route } from '../http/route.js';
import { versionRow } from '../views/contract-version.js';
import { noService, reachOf } from '../reach.js';
import { heldBy } from '../views/world.js';

const OfService = z.strictObject({ service: ServiceName });

export const contractRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/contracts',
    answer: ContractsAnswer,
    handle: async ({ context: { store, learning }, actor }) => {
      const reach = await reachOf(store, actor, 'contract.read');
      const versions = await store.contracts.list({ limit: 10_000 });
      const services = new Map<string, ContractVersion[]>();
      // The gateway is our own edge: what passes it is decided by the contracts of those behind it.
      for (const version of versions.filter(({ service }) => service !== gatewayService && reach.has(service)))
        services.set(version.service, [...(services.get(version.service) ?? []), version]);
      return {
        contracts: [...services].map(([service, own]) => {
          const proposal = own.find((version) => version.state === 'proposed');
          return {
            service,
            active: heldBy(own.find((version) => version.state === 'approved')),
            proposal: proposal === undefined ? null : versionRow(proposal),
            versions: own.length,
            learned: learning.count(service),
          };
        }),
      };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/contracts/:service',
    params: OfService,
    answer: ContractAnswer,
    handle: async ({ params, context }) => {
      const active = await context.store.contracts.active(params.service);
      if (active === undefined) throw noService(params.service);
      return contractAnswer(context, active);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/contracts/:service/versions/:version',
    params: OfService.extend({ version: z.union([z.literal('learned'), z.coerce.number().int().min(0)]) }),
    answer: ContractAnswer,
    handle: async ({ params, context }) =>
      contractAnswer(
        context,
        params.version === 'learned'
          ? await learnedVersion(context, params.service)
          : await versionOf(context, params.service, params.version),
      ),
  }),
  route({
    method: 'POST',
    path: '/v1/contracts/:service/propose',
    params: OfService,
    body: ProposeRequest,
    answer: ContractAnswer,
    bodyLimit: 1 << 20,
    handle: async ({ params: { service }, body, context, actor }) => {
      const proposed = await context.changes.transact(async (tx, note) => {
        const active = await tx.contracts.active(service);
        if (active === undefined && (await tx.services.get(service)) === undefined) throw noService(service);
        const draft = await draftOf(tx, service, body, active, context);
        const version = await tx.contracts.propose({
          service,
          ...draft,
          digest: contractDigest(draft.contract),
          proposedBy: actor.account,
          clean: active?.clean ?? {},
        });
        note.tell('contracts', service, 'proposed');
        return version;
      });
      return contractAnswer(context, proposed);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/contracts/:service/approve',
    params: OfService,
    body: DecideRequest,
    answer: ContractAnswer,
    handle: async ({ params, body, context, actor }) =>
      contractAnswer(
        context,
        await context.changes.transact((tx, note) =>
          approve(
            tx,
            note,
            { ...params, ...body, by: actor.account, reason: body.reason, now: context.clock.now() },
            (found) => {
              if (context.config.fourEyes) requireSecondPerson(actor, found.proposedBy, found.version);
            },
          ),
        ),
      ),
  }),
  route({
    method: 'POST',
    path: '/v1/contracts/:service/reject',
    params: OfService,
    body: RejectRequest,
    answer: ContractAnswer,
    handle: async ({ params: { service }, body, context, actor }) =>
      contractAnswer(
        context,
        await context.changes.transact(async (tx, note) => {
          const open = await tx.rollouts.open(service);
          if (open?.version === body.version) {
            await tx.rollouts.end(service, actor.account, 'the version was rejected');
            note.revise();
          }
          note.tell('contracts', service, 'rejected');
          return tx.contracts.reject(service, body.version, {
            by: actor.account,
            digest: body.digest,
            reason: body.reason,
          });
        }),
      ),
  }),
  route({
    method: 'POST',
    path: '/v1/contracts/:service/mode',
    params: OfService,
    body: ModeRequest,
    answer: ContractAnswer,
    handle: async ({ params, body, context, actor }) => {
      if (context.config.fourEyes)
        throw new ServerError('four-eyes', 'one person alone does not change modes here', {
          hint: 'propose it: tricordon contract approve SERVICE --mode MODES; another person approves that version',
        });
      return contractAnswer(
        context,
        await context.changes.transact((tx, note) =>
          changeMode(tx, note, { ...params, mode: body.mode, by: actor.account, reason: body.reason }),
        ),
      );
    },
  }),
];

async function contractAnswer(context: Context, version: ContractVersion): Promise<z.input<typeof ContractAnswer>> {
  const { contracts } = context.store;
  const [versions, written] = await Promise.all([
    contracts.list({ service: version.service, limit: 100 }),
    isLive(version) ? undefined : contracts.written(version.service, version.version),
  ]);
  return {
    service: version.service,
    version,
    text: printContract(version.contract),
    written: written === undefined ? null : printContract(written),
    versions: versions.map(versionRow),
  };
}
