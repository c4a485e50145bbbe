/** The part of the catalogue that starts what is protected: the demo's shop, or a command of yours. */
import { type CommandSpec, config, dataDir } from './command-spec.js';

export const runCommands: readonly CommandSpec[] = [
  {
    name: 'demo',
    summary: 'protect a small shop, attack it, contain the attack and prove it',
    options: [
      { flags: '--headless', description: 'do not wait at the end' },
      { flags: '--keep', description: 'leave it running' },
      { flags: '--user <name>', description: 'account for the shop (root mode); default: one made for the demo' },
    ],
    load: () => import('./commands/demo.js'),
  },
  {
    name: 'run',
    summary: 'wrap a command or a container as a protected service',
    arguments: [
      { name: '[command...]', description: 'the command, after --; with --image, what takes the place of CMD' },
    ],
    options: [
      { flags: '--service <name>', description: 'name of the service' },
      { flags: '--port <port>', description: 'port that the command binds' },
      { flags: '--publish <addr:port>', description: 'public address at the gateway' },
      {
        flags: '--calls <name=host:port[@env]>',
        description: 'a service it calls, as its code dials it',
        repeatable: true,
      },
      { flags: '--code <dir>', description: 'directory attested as its code (default: working directory)' },
      {
        flags: '--image <image>',
        description: 'run a container of this image, which the Docker Engine has (root mode)',
      },
      { flags: '--env <name[=value]>', description: 'a variable for the container', repeatable: true },
      { flags: '--user <name>', description: 'account to run as (root mode; default: who called sudo)' },
      config,
      dataDir,
    ],
    passThrough: true,
    load: () => import('./commands/run.js'),
  },
];
