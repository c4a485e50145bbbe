import { isShell } from '../../contract/index.js';
import { isListedProgram, type Rule, who } from './rule.js';

export const shellStarted: Rule = {
  id: 'RT-001',
  title: 'A shell was started',
  layer: 'runtime',
  severity: 'high',
  tactic: 'TA0002',
  technique: 'T1059.004',
  description:
    'A service started a command interpreter. Injected commands nearly always run through one. Silent for the shell of ' +
    "the operator's own launch command and for a shell that the approved contract lists.",
  kinds: ['exec'],
  match(observation, context) {
    const { event } = observation;
    if (event.kind !== 'exec' || !isShell(event.path)) return undefined;
    if (context.launch || isListedProgram(event.path, context)) return undefined;
    return {
      title: `${who(observation)} started a shell`,
      detail: `${event.path} ${event.args.slice(1).join(' ')}, started by ${event.parent ?? 'an unknown program'}`,
    };
  },
  examples: {
    hit: [
      [{ kind: 'exec', path: '/bin/sh', args: ['/bin/sh', '-c', 'id'], parent: 'node' }],
      [{ kind: 'exec', path: '/usr/bin/dash', args: [] }],
      [{ kind: 'exec', path: '/tmp/busybox', args: [] }],
    ],
    miss: [
      { kind: 'exec', path: '/usr/bin/node', args: ['node', '/bin/sh'] },
      { kind: 'exec', path: '/usr/bin/shred', args: [] },
      { kind: 'open', path: '/bin/sh', write: false },
    ],
  },
};
