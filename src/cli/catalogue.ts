/** Every command, its arguments and options: the source of `--help`, of completion and of docs/reference/commands.md. */
import { type CommandSpec, config, dataDir, type OptionSpec, set } from './command-spec.js';
import { glassCommands } from './glass-commands.js';
import { keyCommands } from './key-commands.js';
import { peopleCommands } from './people-commands.js';
import { serviceCommands } from './service-commands.js';

export const groups: Readonly<Record<string, string>> = {
  agent: 'Bring another host in',
  contract: 'Read, compare and approve contracts',
  identity: 'Look at identities',
  incidents: 'Look at incidents',
  respond: 'Plan, carry out and undo containment',
  forensics: 'Work with evidence bundles',
  evidence: 'List evidence bundles, and keep them beyond their days',
  audit: 'Search and check the audit trail',
  'break-glass': 'Note instead of refuse, for a while, in an emergency',
  service: 'List services, make them known, label them',
  user: 'Invite people and change what they may',
  token: 'Make, list and revoke tokens',
  session: 'List and end sessions',
  backup: 'Make backups, and prove that they are good',
  trust: 'Let this host trust our root',
  key: 'Look at keys and certificates, and change them',
  spool: 'Read the raw event spool',
  config: 'Check and explain settings',
  support: 'Help others to help you',
};

const runtimeDir: OptionSpec = { flags: '--runtime-dir <dir>', description: 'directory for sockets; keep it short' };
const reason: OptionSpec = { flags: '--reason <text>', description: 'why; stands in the audit trail' };
const recoveryKey: OptionSpec = { flags: '--key <file>', description: 'the recovery key, as `backup key` wrote it' };

const commands: readonly CommandSpec[] = [
  {
    name: 'doctor',
    summary: 'say what this host can cover, and which command covers the rest',
    options: [
      { flags: '--only <category>', description: 'host, store, runtime, network, keys or test', repeatable: true },
      config,
      dataDir,
    ],
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
    name: 'backup key',
    summary: 'make the recovery key that opens backups; it stays nowhere but in the file',
    options: [
      { flags: '--out <file>', description: 'new file for the key: move it away from this host' },
      { flags: '--replace', description: 'in place of an earlier one' },
      config,
      dataDir,
    ],
    load: () => import('./commands/backup-key.js'),
  },
  {
    name: 'backup create',
    summary: 'write database, keys and evidence into one sealed file, while everything runs',
    options: [{ flags: '--to <file>', description: 'the backup; replaced if it exists' }, config, dataDir, runtimeDir],
    load: () => import('./commands/backup-create.js'),
  },
  {
    name: 'backup verify',
    summary: 'open a backup and compare all of it with its manifest',
    arguments: [{ name: '<file>', description: 'the backup' }],
    options: [recoveryKey],
    load: () => import('./commands/backup-verify.js'),
  },
  {
    name: 'backup drill',
    summary: 'prove that a backup is good: restore it aside, check it, remove it',
    arguments: [{ name: '<file>', description: 'the backup' }],
    options: [
      recoveryKey,
      {
        flags: '--passphrase-file <file>',
        description: 'of the root key, where it has one: then its keys are opened, too',
      },
    ],
    load: () => import('./commands/backup-drill.js'),
  },
  {
    name: 'version',
    summary: 'say which version this is, and where its bill of materials lies',
    load: () => import('./commands/version.js'),
  },
  {
    name: 'upgrade',
    summary: 'try what `up` of this version would change in an installation of an older one',
    options: [{ flags: '--check', description: 'change nothing' }, config, dataDir, runtimeDir],
    load: () => import('./commands/upgrade.js'),
  },
  {
    name: 'restore',
    summary: 'put a backup in place on an empty host',
    arguments: [{ name: '<file>', description: 'the backup' }],
    options: [recoveryKey, config, dataDir, runtimeDir],
    load: () => import('./commands/restore.js'),
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
        description: 'address where this host takes traffic from others (default: mesh.address)',
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
      reason,
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-approve.js'),
  },
  {
    name: 'contract reject',
    summary: 'refuse a proposed version, with a reason that stands in its history',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [{ flags: '--version <n>', description: 'the proposed version' }, reason, config, dataDir],
    load: () => import('./commands/contract-reject.js'),
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
    name: 'evidence list',
    summary: 'list evidence bundles, and who keeps them',
    options: [{ flags: '--incident <id>', description: 'of one incident' }, config, dataDir],
    load: () => import('./commands/evidence-list.js'),
  },
  {
    name: 'evidence pin',
    summary: 'keep a bundle beyond its days',
    arguments: [{ name: '<id>', description: 'id of the bundle' }],
    options: [reason, config, dataDir],
    load: () => import('./commands/evidence-pin.js'),
  },
  {
    name: 'evidence unpin',
    summary: 'let a pinned bundle go with its days',
    arguments: [{ name: '<id>', description: 'id of the bundle' }],
    options: [reason, config, dataDir],
    load: () => import('./commands/evidence-unpin.js'),
  },
  ...serviceCommands,
  ...peopleCommands,
  ...glassCommands,
  ...keyCommands,
  {
    name: 'audit list',
    summary: 'search the audit trail, newest first',
    options: [
      { flags: '--text <text>', description: 'stands anywhere in the entry' },
      { flags: '--actor <name>', description: 'who did it' },
      { flags: '--action <action>', description: 'contract.approve, or `contract.` for all about contracts' },
      { flags: '--subject <subject>', description: 'on what it was done' },
      { flags: '--from <time>', description: 'not before: 2026-11-22 or 2026-11-22T12:00:00Z' },
      { flags: '--to <time>', description: 'not after' },
      { flags: '--limit <n>', description: 'at most so many, up to 10000 (default 50)' },
      config,
      dataDir,
    ],
    load: () => import('./commands/audit-list.js'),
  },
  {
    name: 'audit verify',
    summary: 'recompute the hash chain of the audit trail, or of an export of it',
    options: [
      { flags: '--file <export>', description: 'an export from the console; needs no installation' },
      { flags: '--checkpoint <file>', description: 'a kept copy of keys/ca/audit-checkpoint.json to compare it with' },
      config,
      dataDir,
    ],
    load: () => import('./commands/audit-verify.js'),
  },
  {
    name: 'trust install',
    summary: 'put our root into the certificates that this host trusts, as root',
    options: [config, dataDir],
    load: () => import('./commands/trust-install.js'),
  },
  {
    name: 'trust remove',
    summary: 'take it away again, and no other',
    options: [
      { flags: '--fingerprint <sha256>', description: 'of the root of an installation that is gone' },
      config,
      dataDir,
    ],
    load: () => import('./commands/trust-remove.js'),
  },
  {
    name: 'key list',
    summary: 'show every key that this installation holds, and whether somebody else can read one',
    options: [config, dataDir],
    load: () => import('./commands/key-list.js'),
  },
  {
    name: 'spool cat',
    summary: 'decrypt, check and print the raw events of this host',
    options: [{ flags: '--since <seconds>', description: 'only the last so many seconds' }, config, dataDir],
    load: () => import('./commands/spool-cat.js'),
  },
  {
    name: 'metrics',
    summary: 'print the numbers that a process says of itself, as Prometheus reads them',
    options: [
      {
        flags: '--process <name>',
        description: 'control, agent, gateway, or a service of this host',
        default: 'control',
      },
      config,
      dataDir,
    ],
    load: () => import('./commands/metrics.js'),
  },
  {
    name: 'log',
    summary: 'print the logs of our own processes, or of one process or service',
    arguments: [
      { name: '[process]', description: 'control, agent, helper, gateway or a service (default: the first three)' },
    ],
    options: [
      { flags: '--follow', description: 'go on as they are written' },
      { flags: '--since <seconds>', description: 'only the last so many seconds' },
      { flags: '--level <level>', description: 'trace, debug, info, warn, error or fatal, and worse' },
      config,
      dataDir,
    ],
    load: () => import('./commands/log.js'),
  },
  {
    name: 'support bundle',
    summary: 'write what helps to find a fault into one file, without secrets; nothing is sent',
    options: [
      { flags: '--to <file>', description: 'new file (default: tricordon-support-TIME.tar.gz here)' },
      { flags: '--list', description: 'only say what it would hold' },
      config,
      dataDir,
    ],
    load: () => import('./commands/support-bundle.js'),
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

export const catalogue: readonly CommandSpec[] = commands.map((spec) => {
  const options = spec.options?.flatMap((option) => (option === config ? [config, set] : [option]));
  return options === undefined ? spec : { ...spec, options };
});
