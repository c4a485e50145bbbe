/** The part of the catalogue that is about backups, and the versions that an installation moves between. */
import { type CommandSpec, config, dataDir, type OptionSpec, runtimeDir } from './command-spec.js';

const recoveryKey: OptionSpec = { flags: '--key <file>', description: 'the recovery key, as `backup key` wrote it' };

export const backupCommands: readonly CommandSpec[] = [
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
];
