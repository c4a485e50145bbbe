import { baseName, isListedProgram, who } from './rule.js';
const tools = new Set('id whoami uname hostname ps netstat ss ifconfig ip arp route lsof nmap masscan env printenv getent last w who find'.split(' '));
export const discoveryTool = {
    id: 'RT-004',
    title: 'A tool for looking around was started',
    layer: 'runtime',
    severity: 'low',
    tactic: 'TA0007',
    technique: 'T1082',
    description: 'A service asked who and where it is. Harmless alone; the first thing an intruder types.',
    kinds: ['exec'],
    match(observation, context) {
        const { event } = observation;
        if (event.kind !== 'exec' || !tools.has(baseName(event.path)))
            return undefined;
        if (context.launch || isListedProgram(event.path, context))
            return undefined;
        return {
            title: `${who(observation)} started ${baseName(event.path)}`,
            detail: `${event.path} ${event.args.slice(1).join(' ')}`,
        };
    },
    examples: {
        hit: [[{ kind: 'exec', path: '/usr/bin/id', args: ['id'] }]],
        miss: [{ kind: 'exec', path: '/usr/bin/identify', args: [] }],
    },
};
