/** The part of the catalogue that is about break-glass. */
import { type CommandSpec, config, dataDir } from './command-spec.js';

export const glassCommands: readonly CommandSpec[] = [
  {
    name: 'break-glass open',
    summary: 'for a while, note what a contract forbids instead of refusing it; everybody is told',
    options: [
      { flags: '--service <name>', description: 'whose contract; more than once for more', repeatable: true },
      { flags: '--all', description: 'every service' },
      {
        flags: '--layer <layer>',
        description: 'runtime, network or api; more than once for more (default: all three)',
        repeatable: true,
      },
      { flags: '--minutes <n>', description: '1 to 240; it ends by itself (default: 30)' },
      { flags: '--reason <text>', description: 'why; stands in the audit trail and in the mail' },
      {
        flags: '--host-code',
        description: 'on this host alone, by its sealed code, which is asked for: works without the control plane',
      },
      config,
      dataDir,
    ],
    load: () => import('./commands/break-glass-open.js'),
  },
  {
    name: 'break-glass close',
    summary: 'refuse again at once what the contracts forbid',
    arguments: [{ name: '<id>', description: 'as `break-glass list` shows it' }],
    options: [
      { flags: '--here', description: "what this host's sealed code opened, without the control plane" },
      config,
      dataDir,
    ],
    load: () => import('./commands/break-glass-close.js'),
  },
  {
    name: 'break-glass list',
    summary: 'show what is open, and what was',
    options: [{ flags: '--here', description: 'what is open on this host, by its agent' }, config, dataDir],
    load: () => import('./commands/break-glass-list.js'),
  },
  {
    name: 'break-glass code',
    summary: 'make the sealed code of a host, good once; the one before is worth nothing then',
    arguments: [{ name: '<host>', description: 'name of the host' }],
    options: [config, dataDir],
    load: () => import('./commands/break-glass-code.js'),
  },
];
