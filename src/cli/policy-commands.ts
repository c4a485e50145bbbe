/** The part of the catalogue that is about what contracts have in common: bases, and bounds of the organisation. */
import { type CommandSpec, config, dataDir } from './command-spec.js';

const file = { name: '<file>', description: 'YAML or JSON of that kind' };

export const policyCommands: readonly CommandSpec[] = [
  {
    name: 'bound list',
    summary: 'list the bounds in force, and the services each applies to',
    options: [config, dataDir],
    load: () => import('./commands/bound-list.js'),
  },
  {
    name: 'bound apply',
    summary: 'put a bound in force; exit 2 if clauses of contracts in force are outside of it',
    arguments: [file],
    options: [{ flags: '--dry-run', description: 'change nothing; only say what would be outside' }, config, dataDir],
    load: () => import('./commands/bound-apply.js'),
  },
  {
    name: 'bound remove',
    summary: 'take a bound away',
    arguments: [{ name: '<name>', description: 'name of the bound' }],
    options: [config, dataDir],
    load: () => import('./commands/bound-remove.js'),
  },
  {
    name: 'base list',
    summary: 'list the bases that contracts may extend, with the digests to pin',
    options: [config, dataDir],
    load: () => import('./commands/base-list.js'),
  },
  {
    name: 'base apply',
    summary: 'make a version of a base known; a version never changes',
    arguments: [file],
    options: [config, dataDir],
    load: () => import('./commands/base-apply.js'),
  },
];
