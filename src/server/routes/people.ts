/** Inviting people and changing what they may: for administrators. */
import { z } from 'zod';
import { InviteRequest, PeopleAnswer, PersonChange, PersonLink, RolesAnswer } from '../api/people.js';
import { AccountName } from '../api/session.js';
import { limitedRole, permissions, permissionTexts, reachOfPermission, roleNames, roles } from '../auth/roles.js';
import type { Context } from '../context.js';
import { type Route, route } from '../http/route.js';
import { checkName, linkFor } from '../people.js';

const Named = z.strictObject({ name: AccountName });
/** Long enough to reach somebody who is away until tomorrow. */
const inviteMs = 24 * 3_600_000;
const linkMs = 15 * 60_000;

export const peopleRoutes: readonly Route<Context>[] = [
  route({
    method: 'GET',
    path: '/v1/roles',
    answer: RolesAnswer,
    handle: async () => ({
      roles: roleNames.map((role) => ({ role, permissions: [...roles[role]] })),
      permissions: permissions.map((permission) => ({
        permission,
        text: permissionTexts[permission],
        byLabel: reachOfPermission[permission] === 'service',
      })),
    }),
  }),
  route({
    method: 'GET',
    path: '/v1/people',
    answer: PeopleAnswer,
    handle: async ({ context }) => ({
      people: (await context.store.people.list()).map(({ grants, ...person }) => ({ ...person, grants: [...grants] })),
    }),
  }),
  route({
    method: 'POST',
    path: '/v1/people',
    body: InviteRequest,
    answer: PersonLink,
    handle: async ({ body: { name, role, where }, context, actor }) => {
      checkName(name);
      const link = await context.store.transaction(async (tx) => {
        await tx.people.add(name, where === undefined ? role : limitedRole, actor.account);
        if (where !== undefined) await tx.people.grant(name, { role, where }, actor.account);
        return linkFor(tx, context, name, inviteMs, actor.account);
      });
      return {
        account: name,
        role,
        ...(where === undefined ? {} : { where }),
        fingerprint: context.addresses.caFingerprint,
        ...link,
      };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/people/:name/change',
    params: Named,
    body: PersonChange,
    answer: z.strictObject({ ok: z.literal(true) }),
    handle: async ({ params: { name }, body, context: { store }, actor }) => {
      if (body.change === 'role') await store.people.changeRole(name, body.role, actor.account);
      else if (body.change === 'grant') {
        const { role, where } = body;
        await store.people.grant(name, { role, where }, actor.account);
      } else if (body.change === 'ungrant') await store.people.ungrant(name, body.where, actor.account);
      else await store.people[body.change](name, actor.account);
      return { ok: true as const };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/people/:name/link',
    params: Named,
    body: z.strictObject({ reset: z.boolean().default(false) }),
    answer: PersonLink,
    handle: async ({ params: { name }, body, context, actor }) =>
      context.store.transaction(async (tx) => {
        if (body.reset && (await tx.accounts.get(name)) !== undefined) await tx.credentials.reset(name, actor.account);
        const link = await linkFor(tx, context, name, linkMs, actor.account);
        const role = (await tx.accounts.get(name))?.role ?? 'none';
        return { account: name, role, fingerprint: context.addresses.caFingerprint, ...link };
      }),
  }),
];
