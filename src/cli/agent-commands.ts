/** The part of the catalogue that is about other hosts. */
import { type CommandSpec, config, dataDir, runtimeDir } from './command-spec.js';

export const agentCommands: readonly CommandSpec[] = [
  {
    name: 'agent join',
    summary: 'run an agent on this host for a control plane elsewhere',
    arguments: [{ name: '<address>', description: 'HOST:PORT of the control plane' }],
    options: [
      { flags: '--token-file <file>', description: 'one-time token; - reads standard input' },
      {
        flags: '--ca-fingerprint <sha256>',
        description: 'fingerprint of the control plane, as `agent token` printed it',
      },
      { flags: '--host <name>', description: 'name of this host' },
      {
        flags: '--mesh-address <addr>',
        description: 'address where this host takes traffic from others (default: mesh.address)',
      },
      config,
      dataDir,
      runtimeDir,
    ],
    load: () => import('./commands/agent-join.js'),
  },
  {
    name: 'agent token',
    summary: 'make a one-time token for another host',
    arguments: [{ name: '<host>', description: 'name the host will have' }],
    options: [config, dataDir],
    load: () => import('./commands/agent-token.js'),
  },
  {
    name: 'agent allow',
    summary: 'let a host run services that another host runs',
    arguments: [
      { name: '<host>', description: 'name of the host' },
      { name: '<service...>', description: 'the services' },
    ],
    options: [config, dataDir],
    load: () => import('./commands/agent-allow.js'),
  },
  {
    name: 'agent withdraw',
    summary: 'end the trust in a host: its agent and every identity it vouched for are refused',
    arguments: [{ name: '<host>', description: 'name of the host' }],
    options: [config, dataDir],
    load: () => import('./commands/agent-withdraw.js'),
  },
];
