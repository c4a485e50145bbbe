/** The part of the catalogue that is about incidents: what was seen, what is done about it, and what proves it. */
import { type CommandSpec, config, dataDir, reason } from './command-spec.js';

export const incidentCommands: readonly CommandSpec[] = [
  {
    name: 'incidents list',
    summary: 'list incidents, newest first; exit 2 if one is open',
    options: [config, dataDir],
    load: () => import('./commands/incidents-list.js'),
  },
  {
    name: 'incidents show',
    summary: 'tell one incident in order',
    arguments: [{ name: '<id>', description: 'INC-1' }],
    options: [config, dataDir],
    load: () => import('./commands/incidents-show.js'),
  },
  {
    name: 'observations',
    summary: 'print observations',
    options: [
      { flags: '--follow', description: 'go on as they come' },
      { flags: '--service <name>', description: 'of one service' },
      { flags: '--layer <layer>', description: 'runtime, network or api' },
      { flags: '--limit <n>', description: 'how many', default: '50' },
      config,
      dataDir,
    ],
    load: () => import('./commands/observations.js'),
  },
  {
    name: 'respond plan',
    summary: 'say what containing an incident would do',
    arguments: [{ name: '<incident>', description: 'INC-1' }],
    options: [config, dataDir],
    load: () => import('./commands/respond-plan.js'),
  },
  {
    name: 'respond apply',
    summary: 'carry out the plan of an incident, or some of its steps',
    arguments: [{ name: '<incident>', description: 'INC-1' }],
    options: [
      { flags: '--only <kind>', description: 'pause, isolate, collect, kill, restart …', repeatable: true },
      config,
      dataDir,
    ],
    load: () => import('./commands/respond-apply.js'),
  },
  {
    name: 'respond restart',
    summary: 'start a service again, from its approved code and under its approved contract',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [config, dataDir],
    load: () => import('./commands/respond-restart.js'),
  },
  {
    name: 'respond undo',
    summary: 'undo an action',
    arguments: [{ name: '<action>', description: 'id of the action' }],
    options: [config, dataDir],
    load: () => import('./commands/respond-undo.js'),
  },
  {
    name: 'forensics verify',
    summary: 'check every hash and the signature of an evidence bundle',
    arguments: [{ name: '<bundle>', description: 'id, or a directory' }],
    options: [
      { flags: '--key <file>', description: 'public key (PEM) for a bundle away from its installation' },
      config,
      dataDir,
    ],
    load: () => import('./commands/forensics-verify.js'),
  },
  {
    name: 'evidence list',
    summary: 'list evidence bundles, and who keeps them',
    options: [{ flags: '--incident <id>', description: 'of one incident' }, config, dataDir],
    load: () => import('./commands/evidence-list.js'),
  },
  {
    name: 'evidence pin',
    summary: 'keep a bundle beyond its days',
    arguments: [{ name: '<id>', description: 'id of the bundle' }],
    options: [reason, config, dataDir],
    load: () => import('./commands/evidence-pin.js'),
  },
  {
    name: 'evidence unpin',
    summary: 'let a pinned bundle go with its days',
    arguments: [{ name: '<id>', description: 'id of the bundle' }],
    options: [reason, config, dataDir],
    load: () => import('./commands/evidence-unpin.js'),
  },
];
