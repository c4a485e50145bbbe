/** The part of the catalogue that is about one installation: what starts, shows and stops it. */
import { type CommandSpec, config, dataDir, runtimeDir } from './command-spec.js';

export const installationCommands: readonly CommandSpec[] = [
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
];
