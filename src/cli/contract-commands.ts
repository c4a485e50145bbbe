/** The part of the catalogue that is about contracts, and the identities that they name. */
import { type CommandSpec, config, dataDir, reason } from './command-spec.js';

export const contractCommands: readonly CommandSpec[] = [
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
];
