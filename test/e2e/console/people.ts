/** Two administrators' worth of people, checked by the API's types. */
import type {
  AccountAnswer,
  PeopleAnswer,
  PersonLink,
  RolesAnswer,
  SessionsAnswer,
  TokensAnswer,
} from '../../../src/server/api-types.js';
import { permissions, permissionTexts, reachOfPermission, roleNames, roles } from '../../../src/server/auth/roles.js';
import { me, start } from './world.js';

const day = 86_400_000;
export const people: PeopleAnswer = {
  people: [
    person(me.account, 'administrator', { hasPassword: true, hasTotp: true }),
    person('Bela Kovács', 'limited', {
      grants: [
        { role: 'approver', where: { team: 'shop' } },
        { role: 'viewer', where: { environment: 'staging', team: 'bank' } },
      ],
    }),
    person('Cem \u202egnp.exe', 'developer', { state: 'disabled', hasPassword: true }),
  ],
};

function person(
  name: string,
  role: string,
  more: Partial<PeopleAnswer['people'][number]>,
): PeopleAnswer['people'][number] {
  return {
    name,
    role,
    grants: [],
    state: 'active',
    createdAt: start - 40 * day,
    hasPassword: false,
    hasTotp: false,
    ...more,
  };
}

export const rolesAnswer: RolesAnswer = {
  roles: roleNames.map((role) => ({ role, permissions: [...roles[role]] })),
  permissions: permissions.map((permission) => ({
    permission,
    text: permissionTexts[permission],
    byLabel: reachOfPermission[permission] === 'service',
  })),
};

export const account: AccountAnswer = { account: me.account, hasPassword: true, hasTotp: false, recoveryCodes: 0 };

const session = (
  id: string,
  more: Partial<SessionsAnswer['sessions'][number]>,
): SessionsAnswer['sessions'][number] => ({
  id,
  account: me.account,
  source: '192.0.2.7',
  createdAt: start - 3_600_000,
  expiresAt: start + 11 * 3_600_000,
  current: false,
  ...more,
});
export const sessions = (all: boolean): SessionsAnswer => ({
  sessions: [
    session('5d0fa91c77aa', { current: true }),
    session('0a1b2c3d4e5f', { source: '2001:db8:7:1::/64', createdAt: start - 5 * 3_600_000 }),
    ...(all ? [session('9f8e7d6c5b4a', { account: 'Bela Kovács', source: null })] : []),
  ],
});

export const tokens = (all: boolean): TokensAnswer => ({
  tokens: [
    {
      name: 'deploy',
      account: me.account,
      scopes: ['operate'],
      where: { team: 'shop', environment: 'staging' },
      expiresAt: start + 20 * day,
      lastUsedAt: start - 60_000,
    },
    ...(all
      ? [{ name: 'cli', account: 'local operator', scopes: ['admin'], where: {}, expiresAt: null, lastUsedAt: null }]
      : []),
  ],
});

export const link: PersonLink = {
  account: 'Dara Ní Bhriain',
  role: 'developer',
  where: { team: 'shop' },
  url: `https://tricordon.example:8443/login#${'Qk3x'.repeat(10)}`,
  expiresAt: start + day,
  fingerprint: '5d0fa91c'.repeat(8),
};
