/** The part of the catalogue that is about people: signing in, accounts, tokens, sessions. */
import { type CommandSpec, config, dataDir, type OptionSpec } from './command-spec.js';

const where: OptionSpec = {
  flags: '--where <key=value>',
  description: 'only for services with this label, and all others that are given',
  repeatable: true,
};

export const peopleCommands: readonly CommandSpec[] = [
  {
    name: 'login',
    summary: 'sign in as a person; password, code or one-time link are asked for, or read from standard input',
    arguments: [{ name: '[address]', description: 'HOST:PORT of the console; default: the one of the last time' }],
    options: [
      { flags: '--name <name>', description: 'who signs in; default: the one of the last time' },
      { flags: '--ca-fingerprint <sha256>', description: 'fingerprint of the control plane, as the invitation says' },
      { flags: '--link', description: 'with a one-time link; a first password is then asked for' },
    ],
    load: () => import('./commands/login.js'),
  },
  {
    name: 'logout',
    summary: 'end the session of this person',
    load: () => import('./commands/logout.js'),
  },
  {
    name: 'whoami',
    summary: 'show who is signed in here, and what they may',
    options: [config, dataDir],
    load: () => import('./commands/whoami.js'),
  },
  {
    name: 'password',
    summary: 'change the own password',
    load: () => import('./commands/password.js'),
  },
  {
    name: 'totp',
    summary: 'switch the own second factor on or off',
    arguments: [{ name: '<on|off>', description: 'on or off' }],
    load: () => import('./commands/totp.js'),
  },
  {
    name: 'user list',
    summary: 'list people, their roles and how they sign in',
    options: [config, dataDir],
    load: () => import('./commands/user-list.js'),
  },
  {
    name: 'user invite',
    summary: 'make an account, and a one-time link for its person',
    arguments: [{ name: '<name>', description: 'name of the person' }],
    options: [
      {
        flags: '--role <role>',
        description: 'viewer, developer, operator, approver, security, auditor or administrator (default: viewer)',
      },
      where,
      config,
      dataDir,
    ],
    load: () => import('./commands/user-invite.js'),
  },
  {
    name: 'user role',
    summary: 'give a person another role, everywhere or for some services',
    arguments: [
      { name: '<name>', description: 'name of the person' },
      {
        name: '[role]',
        description:
          'viewer, developer, operator, approver, security, auditor or administrator; `limited`: nothing everywhere',
      },
    ],
    options: [where, { flags: '--remove', description: 'take the role for these services away' }, config, dataDir],
    load: () => import('./commands/user-role.js'),
  },
  {
    name: 'user disable',
    summary: 'shut a person out until further notice',
    arguments: [{ name: '<name>', description: 'name of the person' }],
    options: [config, dataDir],
    load: () => import('./commands/user-disable.js'),
  },
  {
    name: 'user enable',
    summary: 'let a person in again',
    arguments: [{ name: '<name>', description: 'name of the person' }],
    options: [config, dataDir],
    load: () => import('./commands/user-enable.js'),
  },
  {
    name: 'user remove',
    summary: 'end an account for good; its name stays taken',
    arguments: [{ name: '<name>', description: 'name of the person' }],
    options: [config, dataDir],
    load: () => import('./commands/user-remove.js'),
  },
  {
    name: 'user link',
    summary: 'make a one-time link for a person; always lets them in, however often others guessed',
    arguments: [{ name: '<name>', description: 'name of the person' }],
    options: [config, dataDir],
    load: () => import('./commands/user-link.js'),
  },
  {
    name: 'user reset',
    summary: 'forget password and second factor of a person, and make a one-time link',
    arguments: [{ name: '<name>', description: 'name of the person' }],
    options: [config, dataDir],
    load: () => import('./commands/user-reset.js'),
  },
  {
    name: 'token list',
    summary: 'list tokens, their scopes, end and last use',
    options: [{ flags: '--all', description: 'of everybody (administrators)' }, config, dataDir],
    load: () => import('./commands/token-list.js'),
  },
  {
    name: 'token create',
    summary: 'make a token; it is shown once',
    arguments: [{ name: '<name>', description: 'name of the token' }],
    options: [
      {
        flags: '--scope <scope>',
        description: 'read (default), operate, approve or admin; each includes those before it',
        repeatable: true,
      },
      where,
      { flags: '--days <n>', description: 'until it ends', default: '30' },
      { flags: '--account <name>', description: 'of a program with a name of its own (administrators)' },
      config,
      dataDir,
    ],
    load: () => import('./commands/token-create.js'),
  },
  {
    name: 'token revoke',
    summary: 'withdraw a token',
    arguments: [{ name: '<name>', description: 'name of the token' }],
    options: [{ flags: '--account <name>', description: 'of another account (administrators)' }, config, dataDir],
    load: () => import('./commands/token-revoke.js'),
  },
  {
    name: 'session list',
    summary: 'list sessions and where they were opened from',
    options: [{ flags: '--all', description: 'of everybody (administrators)' }, config, dataDir],
    load: () => import('./commands/session-list.js'),
  },
  {
    name: 'session revoke',
    summary: 'end a session',
    arguments: [{ name: '<id>', description: 'as `session list` shows it' }],
    options: [config, dataDir],
    load: () => import('./commands/session-revoke.js'),
  },
];
