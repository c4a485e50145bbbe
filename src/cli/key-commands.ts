/** The part of the catalogue that changes keys. */
import { type CommandSpec, config, dataDir } from './command-spec.js';

export const keyCommands: readonly CommandSpec[] = [
  {
    name: 'key rotate',
    summary: 'change a key while everything runs: `tricordon key rotate ca` takes the next step, and says what follows',
    arguments: [
      {
        name: '<key>',
        description:
          'ca: the root of the authority; root: the root key that the other keys are sealed under; evidence: what signs bundles and the audit trail; console: of console and API; people: of second factors; spool: of the raw events on this host',
      },
    ],
    options: [
      { flags: '--status', description: 'change nothing; show where the change stands and which hosts it waits for' },
      {
        flags: '--force',
        description: 'do not wait for the hosts that are named: each of them needs a new token then',
      },
      { flags: '--finish', description: 'drop the old root now, instead of when nothing it signed is valid any more' },
      { flags: '--abort', description: 'drop the new root, as long as it signs nothing' },
      config,
      dataDir,
    ],
    load: () => import('./commands/key-rotate.js'),
  },
];
