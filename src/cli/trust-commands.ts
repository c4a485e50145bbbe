/** The part of the catalogue that is about what this host trusts, and which keys it holds. */
import { type CommandSpec, config, dataDir } from './command-spec.js';

export const trustCommands: readonly CommandSpec[] = [
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
];
