import { isListedProgram, type Rule, who } from './rule.js';

export const droppedProgram: Rule = {
  id: 'RT-010',
  title: 'A file was written and then started',
  layer: 'runtime',
  severity: 'high',
  tactic: 'TA0002',
  technique: 'T1204.002',
  description:
    'A workload wrote a file and started it as a program within ten minutes. Silent for a program that the approved ' +
    'contract lists.',
  kinds: ['open', 'exec'],
  match(observation, context) {
    const { event } = observation;
    const subject = `${observation.host} ${observation.workload ?? ''}`;
    if (event.kind === 'open') {
      if (event.write && event.failed !== true) {
        context.memory.set(`${subject} ${event.path}`, { since: observation.at, seen: new Set(), said: false });
      }
      return undefined;
    }
    if (event.kind !== 'exec') return undefined;
    const written = context.memory.get(`${subject} ${event.path}`);
    if (written === undefined || Math.abs(observation.at - written.since) > 600_000) return undefined;
    if (isListedProgram(event.path, context)) return undefined;
    return { title: `${who(observation)} wrote a program and started it`, detail: event.path };
  },
  examples: {
    hit: [
      [
        { kind: 'open', path: '/tmp/x', write: true },
        { kind: 'exec', path: '/tmp/x', args: [] },
      ],
    ],
    miss: [
      { kind: 'open', path: '/tmp/y', write: false },
      { kind: 'exec', path: '/tmp/y', args: [] },
    ],
  },
};
