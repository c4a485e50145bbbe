import { type Rule, who } from './rule.js';

export const reverseShell: Rule = {
  id: 'RT-006',
  title: 'A network connection became standard input or output',
  layer: 'runtime',
  severity: 'critical',
  tactic: 'TA0011',
  technique: 'T1095',
  description: 'A socket was put onto descriptor 0, 1 or 2: whoever is at the other end types commands.',
  kinds: ['stdio-socket'],
  match(observation) {
    const { event, join } = observation;
    if (event.kind !== 'stdio-socket') return undefined;
    const peer = join.socket === undefined ? '' : `, connected to ${join.socket.peer.address}:${join.socket.peer.port}`;
    return {
      title: `${who(observation)} gave a program over to a network connection`,
      detail: `descriptor ${event.descriptor} of ${event.program ?? 'an unknown program'}${peer}`,
    };
  },
  examples: {
    hit: [[{ kind: 'stdio-socket', descriptor: 0, program: 'bash' }]],
    miss: [{ kind: 'exec', path: '/usr/bin/node', args: [] }],
  },
};
