/** The part of the catalogue that is about the audit trail. */
import { type CommandSpec, config, dataDir } from './command-spec.js';

export const auditCommands: readonly CommandSpec[] = [
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
];
