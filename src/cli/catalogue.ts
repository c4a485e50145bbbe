/** Every command, its arguments and options: the source of `--help`, of completion and of docs/reference/commands.md. */
import { agentCommands } from './agent-commands.js';
import { auditCommands } from './audit-commands.js';
import { backupCommands } from './backup-commands.js';
import { type CommandSpec, config, set } from './command-spec.js';
import { contractCommands } from './contract-commands.js';
import { policyCommands } from './policy-commands.js';
import { diagnosisCommands } from './diagnosis-commands.js';
import { glassCommands } from './glass-commands.js';
import { incidentCommands } from './incident-commands.js';
import { installationCommands } from './installation-commands.js';
import { keyCommands } from './key-commands.js';
import { peopleCommands } from './people-commands.js';
import { runCommands } from './run-commands.js';
import { serviceCommands } from './service-commands.js';
import { trustCommands } from './trust-commands.js';

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
  bound: 'What no contract of the organisation passes',
  base: 'What contracts have in common',
  key: 'Look at keys and certificates, and change them',
  spool: 'Read the raw event spool',
  config: 'Check and explain settings',
  support: 'Help others to help you',
};

const commands: readonly CommandSpec[] = [
  ...installationCommands,
  ...backupCommands,
  ...runCommands,
  ...agentCommands,
  ...contractCommands,
  ...policyCommands,
  ...incidentCommands,
  ...serviceCommands,
  ...peopleCommands,
  ...glassCommands,
  ...keyCommands,
  ...auditCommands,
  ...trustCommands,
  ...diagnosisCommands,
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
