/** Every command, its arguments and options: the source of `--help`, of completion and of docs/reference/commands.md. */
import type { Command } from './command.js';

export interface OptionSpec {
  /** As commander reads it: `--service <name>`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
  readonly repeatable?: boolean;
}

export interface CommandSpec {
  /** Words separated by a space: `contract show`. */
  readonly name: string;
  readonly summary: string;
  /** As commander reads it: `<service>`, `[file]`, `<command...>`. */
  readonly arguments?: readonly { readonly name: string; readonly description: string }[];
  readonly options?: readonly OptionSpec[];
  /** Options end at the first argument: the rest belongs to the wrapped command. */
  readonly passThrough?: boolean;
  readonly load: () => Promise<{ readonly command: Command }>;
}

export const groups: Readonly<Record<string, string>> = {
  agent: 'Bring another host in',
  contract: 'Read, compare and approve contracts',
  identity: 'Look at identities',
  incidents: 'Look at incidents',
  respond: 'Plan, carry out and undo containment',
  forensics: 'Work with evidence bundles',
  audit: 'Check the audit trail',
  user: 'Invite people and change what they may',
  token: 'Make, list and revoke tokens',
  session: 'List and end sessions',
  spool: 'Read the raw event spool',
  config: 'Check and explain settings',
};

const dataDir: OptionSpec = { flags: '--data-dir <dir>', description: 'directory of the installation' };
const runtimeDir: OptionSpec = { flags: '--runtime-dir <dir>', description: 'directory for sockets; keep it short' };
const config: OptionSpec = {
  flags: '-c, --config <file>',
  description: 'settings file (default: ./tricordon.yaml if it exists)',
};

export const catalogue: readonly CommandSpec[] = [
  {
    name: 'doctor',
    summary: 'say what this host can cover, and which command covers the rest',
    options: [{ flags: '--only <category>', description: 'host, store, runtime, network or test', repeatable: true }],
    load: () => import('./commands/doctor.js'),
  },
  {
    name: 'up',
    summary: 'start and supervise control plane, agent, gateway and your services',
    options: [
      config,
      dataDir,
      runtimeDir,
      { flags: '--user <name>', description: 'account for wrapped services (root mode)' },
    ],
    load: () => import('./commands/up.js'),
  },
  {
    name: 'status',
    summary: 'show processes, coverage, services and every listening socket',
    options: [config, dataDir],
    load: () => import('./commands/status.js'),
  },
  {
    name: 'down',
    summary: 'stop everything that `up` started',
    options: [
      config,
      dataDir,
      runtimeDir,
      { flags: '--purge', description: 'remove data, accounts and namespaces too' },
    ],
    load: () => import('./commands/down.js'),
  },
  {
    name: 'demo',
    summary: 'protect a small shop, attack it, contain the attack and prove it',
    options: [
      { flags: '--headless', description: 'do not wait at the end' },
      { flags: '--keep', description: 'leave it running' },
      { flags: '--user <name>', description: 'account for the shop (root mode); default: one made for the demo' },
    ],
    load: () => import('./commands/demo.js'),
  },
  {
    name: 'run',
    summary: 'wrap a command or a container as a protected service',
    arguments: [
      { name: '[command...]', description: 'the command, after --; with --image, what takes the place of CMD' },
    ],
    options: [
      { flags: '--service <name>', description: 'name of the service' },
      { flags: '--port <port>', description: 'port that the command binds' },
      { flags: '--publish <addr:port>', description: 'public address at the gateway' },
      {
        flags: '--calls <name=host:port[@env]>',
        description: 'a service it calls, as its code dials it',
        repeatable: true,
      },
      { flags: '--code <dir>', description: 'directory attested as its code (default: working directory)' },
      {
        flags: '--image <image>',
        description: 'run a container of this image, which the Docker Engine has (root mode)',
      },
      { flags: '--env <name[=value]>', description: 'a variable for the container', repeatable: true },
      { flags: '--user <name>', description: 'account to run as (root mode; default: who called sudo)' },
      config,
      dataDir,
    ],
    passThrough: true,
    load: () => import('./commands/run.js'),
  },
  {
    name: 'agent join',
    summary: 'run an agent on this host for a control plane elsewhere',
    arguments: [{ name: '<address>', description: 'HOST:PORT of the control plane' }],
    options: [
      { flags: '--token-file <file>', description: 'one-time token; - reads standard input' },
      {
        flags: '--ca-fingerprint <sha256>',
        description: 'fingerprint of the control plane, as `agent token` printed it',
      },
      { flags: '--host <name>', description: 'name of this host' },
      {
        flags: '--mesh-address <addr>',
        description: 'address where this host takes traffic from others',
        default: '127.0.0.1',
      },
      config,
      dataDir,
      runtimeDir,
    ],
    load: () => import('./commands/agent-join.js'),
  },
  {
    name: 'agent token',
    summary: 'make a one-time token for another host',
    arguments: [{ name: '<host>', description: 'name the host will have' }],
    options: [config, dataDir],
    load: () => import('./commands/agent-token.js'),
  },
  {
    name: 'agent allow',
    summary: 'let a host run services that another host runs',
    arguments: [
      { name: '<host>', description: 'name of the host' },
      { name: '<service...>', description: 'the services' },
    ],
    options: [config, dataDir],
    load: () => import('./commands/agent-allow.js'),
  },
  {
    name: 'agent withdraw',
    summary: 'end the trust in a host: its agent and every identity it vouched for are refused',
    arguments: [{ name: '<host>', description: 'name of the host' }],
    options: [config, dataDir],
    load: () => import('./commands/agent-withdraw.js'),
  },
  {
    name: 'contract show',
    summary: 'show the contract of a service',
    arguments: [{ name: '[service]', description: 'all services when left out' }],
    options: [
      { flags: '--version <n>', description: 'a certain version' },
      { flags: '--proposed', description: 'what would be proposed now' },
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-show.js'),
  },
  {
    name: 'contract diff',
    summary: 'show rights added and removed between two versions; exit 2 if there are any',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [
      { flags: '--from <n>', description: 'older version (default: the active one)' },
      { flags: '--to <n>', description: 'newer version (default: what was learned)' },
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-diff.js'),
  },
  {
    name: 'contract approve',
    summary: 'propose what was learned, or take a version, and make it the active contract',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [
      { flags: '--version <n>', description: 'a proposed version (default: what was learned)' },
      { flags: '--mode <modes>', description: 'LAYER=MODE, comma separated: runtime=audit,network=audit,api=enforce' },
      { flags: '--reason <text>', description: 'why; stands in the audit trail' },
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-approve.js'),
  },
  {
    name: 'identity show',
    summary: 'show workloads, their identities and what was attested',
    arguments: [{ name: '[service]', description: 'all services when left out' }],
    options: [config, dataDir],
    load: () => import('./commands/identity-show.js'),
  },
  {
    name: 'incidents list',
    summary: 'list incidents, newest first; exit 2 if one is open',
    options: [config, dataDir],
    load: () => import('./commands/incidents-list.js'),
  },
  {
    name: 'incidents show',
    summary: 'tell one incident in order',
    arguments: [{ name: '<id>', description: 'INC-1' }],
    options: [config, dataDir],
    load: () => import('./commands/incidents-show.js'),
  },
  {
    name: 'observations',
    summary: 'print observations',
    options: [
      { flags: '--follow', description: 'go on as they come' },
      { flags: '--service <name>', description: 'of one service' },
      { flags: '--layer <layer>', description: 'runtime, network or api' },
      { flags: '--limit <n>', description: 'how many', default: '50' },
      config,
      dataDir,
    ],
    load: () => import('./commands/observations.js'),
  },
  {
    name: 'respond plan',
    summary: 'say what containing an incident would do',
    arguments: [{ name: '<incident>', description: 'INC-1' }],
    options: [config, dataDir],
    load: () => import('./commands/respond-plan.js'),
  },
  {
    name: 'respond apply',
    summary: 'carry out the plan of an incident, or some of its steps',
    arguments: [{ name: '<incident>', description: 'INC-1' }],
    options: [
      { flags: '--only <kind>', description: 'pause, isolate, collect, kill, restart …', repeatable: true },
      config,
      dataDir,
    ],
    load: () => import('./commands/respond-apply.js'),
  },
  {
    name: 'respond restart',
    summary: 'start a service again, from its approved code and under its approved contract',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [config, dataDir],
    load: () => import('./commands/respond-restart.js'),
  },
  {
    name: 'respond undo',
    summary: 'undo an action',
    arguments: [{ name: '<action>', description: 'id of the action' }],
    options: [config, dataDir],
    load: () => import('./commands/respond-undo.js'),
  },
  {
    name: 'forensics verify',
    summary: 'check every hash and the signature of an evidence bundle',
    arguments: [{ name: '<bundle>', description: 'id, or a directory' }],
    options: [
      { flags: '--key <file>', description: 'public key (PEM) for a bundle away from its installation' },
      config,
      dataDir,
    ],
    load: () => import('./commands/forensics-verify.js'),
  },
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
      config,
      dataDir,
    ],
    load: () => import('./commands/user-invite.js'),
  },
  {
    name: 'user role',
    summary: 'give a person another role',
    arguments: [
      { name: '<name>', description: 'name of the person' },
      { name: '<role>', description: 'viewer, developer, operator, approver, security, auditor or administrator' },
    ],
    options: [config, dataDir],
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
  {
    name: 'audit verify',
    summary: 'recompute the hash chain of the audit trail',
    options: [config, dataDir],
    load: () => import('./commands/audit-verify.js'),
  },
  {
    name: 'spool cat',
    summary: 'decrypt, check and print the raw events of this host',
    options: [{ flags: '--since <seconds>', description: 'only the last so many seconds' }, config, dataDir],
    load: () => import('./commands/spool-cat.js'),
  },
  {
    name: 'config check',
    summary: 'check a settings file',
    arguments: [{ name: '[file]', description: 'default: ./tricordon.yaml' }],
    load: () => import('./commands/config-check.js'),
  },
  {
    name: 'config explain',
    summary: 'say what a setting does, and what it is now',
    arguments: [{ name: '[key]', description: 'all keys when left out' }],
    options: [config],
    load: () => import('./commands/config-explain.js'),
  },
  {
    name: 'completion',
    summary: 'print a completion script',
    arguments: [{ name: '<shell>', description: 'bash, zsh or fish' }],
    load: () => import('./commands/completion.js'),
  },
];
