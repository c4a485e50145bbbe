/** The part of the catalogue that is about services and their labels. */
import { type CommandSpec, config, dataDir } from './command-spec.js';

const name = { name: '<name>', description: 'name of the service' };

export const serviceCommands: readonly CommandSpec[] = [
  {
    name: 'service list',
    summary: 'list services, their labels, and how they are held',
    options: [config, dataDir],
    load: () => import('./commands/service-list.js'),
  },
  {
    name: 'service register',
    summary: 'make a service known before it runs, with the labels by which roles may be limited',
    arguments: [name],
    options: [
      {
        flags: '--label <key=value>',
        description: 'a label, like team=shop or environment=production',
        repeatable: true,
      },
      config,
      dataDir,
    ],
    load: () => import('./commands/service-register.js'),
  },
  {
    name: 'service label',
    summary: 'give a known service other labels: changes who may do what with it',
    arguments: [name, { name: '[label...]', description: 'all of its labels from now on, each KEY=VALUE' }],
    options: [{ flags: '--none', description: 'no label at all' }, config, dataDir],
    load: () => import('./commands/service-label.js'),
  },
];
