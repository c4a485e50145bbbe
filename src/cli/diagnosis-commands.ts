/** The part of the catalogue that helps to find a fault: raw events, numbers, logs and settings. */
import { type CommandSpec, config, dataDir } from './command-spec.js';

export const diagnosisCommands: readonly CommandSpec[] = [
  {
    name: 'spool cat',
    summary: 'decrypt, check and print the raw events of this host',
    options: [{ flags: '--since <seconds>', description: 'only the last so many seconds' }, config, dataDir],
    load: () => import('./commands/spool-cat.js'),
  },
  {
    name: 'metrics',
    summary: 'print the numbers that a process says of itself, as Prometheus reads them',
    options: [
      {
        flags: '--process <name>',
        description: 'control, agent, gateway, or a service of this host',
        default: 'control',
      },
      config,
      dataDir,
    ],
    load: () => import('./commands/metrics.js'),
  },
  {
    name: 'log',
    summary: 'print the logs of our own processes, or of one process or service',
    arguments: [
      { name: '[process]', description: 'control, agent, helper, gateway or a service (default: the first three)' },
    ],
    options: [
      { flags: '--follow', description: 'go on as they are written' },
      { flags: '--since <seconds>', description: 'only the last so many seconds' },
      { flags: '--level <level>', description: 'trace, debug, info, warn, error or fatal, and worse' },
      config,
      dataDir,
    ],
    load: () => import('./commands/log.js'),
  },
  {
    name: 'support bundle',
    summary: 'write what helps to find a fault into one file, without secrets; nothing is sent',
    options: [
      { flags: '--to <file>', description: 'new file (default: tricordon-support-TIME.tar.gz here)' },
      { flags: '--list', description: 'only say what it would hold' },
      config,
      dataDir,
    ],
    load: () => import('./commands/support-bundle.js'),
  },
  {
    name: 'config check',
    summary: 'check a settings file',
    arguments: [{ name: '[file]', description: 'default: ./tricordon.yaml' }],
    load: () => import('./commands/config-check.js'),
  },
  {
    name: 'config explain',
    summary: 'say what a setting does, and what it is now',
    arguments: [{ name: '[key]', description: 'all keys when left out' }],
    options: [config],
    load: () => import('./commands/config-explain.js'),
  },
];
