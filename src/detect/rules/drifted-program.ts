import { isListedProgram, type Rule, who } from './rule.js';

export const driftedProgram: Rule = {
  id: 'RT-003',
  title: 'A program that is not part of the approved code was started',
  layer: 'runtime',
  severity: 'high',
  tactic: 'TA0005',
  technique: 'T1620',
  description:
    'The program came after the image or code was approved, or has no file behind it at all (memfd, deleted). Silent for ' +
    'a listed path unless it runs from memory.',
  kinds: ['exec'],
  match(observation, context) {
    const { event } = observation;
    if (event.kind !== 'exec' || event.drift === undefined) return undefined;
    if (event.drift === 'layer' && isListedProgram(event.path, context)) return undefined;
    const memory = event.drift === 'memory';
    return {
      title: `${who(observation)} ran a program ${memory ? 'from memory' : 'that is not part of its approved code'}`,
      detail: `${event.path} ${event.args.slice(1).join(' ')}`,
      severity: memory ? 'critical' : 'high',
    };
  },
  examples: {
    hit: [
      [{ kind: 'exec', path: '/tmp/miner', args: [], drift: 'layer' }],
      [{ kind: 'exec', path: '/memfd:x (deleted)', args: [], drift: 'memory' }],
    ],
    miss: [{ kind: 'exec', path: '/usr/bin/node', args: [] }],
  },
};
