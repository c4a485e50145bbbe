import { z } from 'zod';
import { HostName } from '../../model/index.js';
import { EnrolRequest, EnrolToken, HostWithdrawn, StatusAnswer } from '../api/status.js';
import { inviteHost } from '../agents/enrolment.js';
import { withdrawHost } from '../agents/withdrawal.js';
import { hostsInNeed } from '../authority/rotation.js';
import type { Context } from '../context.js';
import { type Route, route } from '../http/route.js';
import { hostRows, socketRows } from '../views/coverage.js';
import { diskOf, storeRows } from '../usage.js';
import { worldOf } from '../views/within.js';
import { heldBy } from '../views/world.js';

export const statusRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/status',
    answer: StatusAnswer,
    handle: async ({ context, actor }) => {
      const { config, store, addresses, counters } = context;
      const [{ world, reach }, health, audit, stores, needToken] = await Promise.all([
        worldOf(context, actor),
        store.health(),
        store.audit.list({ limit: 1 }),
        storeRows(context),
        hostsInNeed(context),
      ]);
      const state = (name: string) => world.incidents.filter((incident) => incident.state === name).length;
      return {
        schemaVersion: 1 as const,
        instance: config.instance,
        version: context.version,
        trustDomain: config.trustDomain,
        startedAt: context.startedAt,
        now: world.now,
        database: health,
        console: { url: addresses.consoleUrl, fingerprint: addresses.fingerprint },
        agents: { url: addresses.agentUrl },
        authority: {
          expiresAt: context.authority.expiry().rootNotAfter,
          // Of hosts on which nothing runs for this caller, they hear nothing.
          needToken: needToken.filter(
            (host) => reach.services === undefined || world.hosts.some((one) => one.host === host),
          ),
        },
        audit: { length: audit[0]?.seq ?? 0, head: audit[0]?.hash ?? '' },
        pending: counters.pending,
        revision: context.board.current(),
        incidents: { open: state('open'), contained: state('contained') },
        cspViolations: counters.cspViolations,
        glass: [...world.glass],
        unreadKeys: [...context.unreadKeys].map(([issuer, reason]) => ({ issuer, reason })),
        unsentMail: context.mailer.unsent(),
        hosts: hostRows(world),
        services: world.services.map((service) => {
          const running = world.workloads.filter((workload) => workload.service === service);
          const states = [...new Set(running.map((workload) => workload.state))];
          return {
            service,
            labels: { ...world.labels.get(service) },
            contract: heldBy(world.active.get(service)),
            running: running.length,
            state: world.isolated.has(service) ? 'isolated' : states.length === 0 ? 'stopped' : states.join(', '),
          };
        }),
        sockets: socketRows(world),
        stores,
        disk: diskOf(context),
      };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/enrolment-tokens',
    body: EnrolRequest,
    answer: EnrolToken,
    handle: async ({ body, context, actor }) => ({
      ...(await inviteHost(context, body.host, body.ttlSeconds * 1_000, actor.account)),
      host: body.host,
      agentUrl: context.addresses.agentUrl,
      fingerprint: context.addresses.caFingerprint,
    }),
  }),
  route({
    method: 'POST',
    path: '/v1/hosts/:host/withdraw',
    params: z.strictObject({ host: HostName }),
    answer: HostWithdrawn,
    handle: async ({ params: { host }, context, actor }) => ({
      host,
      ...(await withdrawHost(context, host, actor.account)),
    }),
  }),
  route({
    method: 'GET',
    path: '/healthz',
    answer: z.strictObject({ ok: z.literal(true) }),
    handle: async () => ({ ok: true as const }),
  }),
  route({
    method: 'POST',
    path: '/csp-report',
    bodyLimit: 16 << 10,
    handle: async ({ context, request, reply }) => {
      context.counters.cspViolations += 1;
      context.log.warn({ from: request.ip }, 'a browser reports that the console broke its own content policy');
      void reply.code(204).send();
      return undefined;
    },
  }),
];
