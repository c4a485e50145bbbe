import { baseName, isListedProgram, who } from './rule.js';
const tools = /^(?:curl|wget|nc|ncat|netcat|socat|tftp|ftp|scp|sftp|rsync|telnet|aria2c)(?:$|[.-])/;
export const transferTool = {
    id: 'RT-002',
    title: 'A tool for moving data was started',
    layer: 'runtime',
    severity: 'medium',
    tactic: 'TA0011',
    technique: 'T1105',
    description: 'A service started curl, wget, netcat or the like: the usual way to fetch the next stage. Silent for a program that ' +
        'the approved contract lists and during launch.',
    kinds: ['exec'],
    match(observation, context) {
        const { event } = observation;
        if (event.kind !== 'exec' || !tools.test(baseName(event.path)))
            return undefined;
        if (context.launch || isListedProgram(event.path, context))
            return undefined;
        return {
            title: `${who(observation)} started ${baseName(event.path)}`,
            detail: `${event.path} ${event.args.slice(1).join(' ')}`,
        };
    },
    examples: {
        hit: [
            [{ kind: 'exec', path: '/usr/bin/curl', args: ['curl', 'http://192.0.2.1/x'] }],
            [{ kind: 'exec', path: '/bin/nc.openbsd', args: [] }],
        ],
        miss: [
            { kind: 'exec', path: '/usr/bin/ncdu', args: [] },
            { kind: 'exec', path: '/usr/bin/node', args: ['curl'] },
        ],
    },
};
