import { who } from './rule.js';
const windowMs = 60_000;
const many = 20;
export const pathEnumeration = {
    id: 'AP-001',
    title: 'Many different paths were tried',
    layer: 'api',
    severity: 'medium',
    tactic: 'TA0007',
    technique: 'T1595.003',
    description: 'One caller asked one service for 20 different paths within a minute that it may not call or that do not exist. Said ' +
        'once per minute and caller.',
    kinds: ['request'],
    match(observation, context) {
        const { event } = observation;
        if (event.kind !== 'request' || event.direction !== 'in')
            return undefined;
        const refused = event.verdict.effect !== 'allow' && event.verdict.reason !== 'learning';
        if (!refused && event.status !== 404)
            return undefined;
        const caller = event.peer ?? 'an unknown caller';
        const key = `${who(observation)} ${caller}`;
        const known = context.memory.get(key);
        const fresh = known === undefined || Math.abs(observation.at - known.since) > windowMs;
        const memory = fresh ? { since: observation.at, seen: new Set(), said: false } : known;
        context.memory.set(key, memory);
        if (memory.seen.size < many)
            memory.seen.add(event.path);
        if (memory.said || memory.seen.size < many)
            return undefined;
        memory.said = true;
        return {
            title: `${caller === 'gateway' ? 'the public' : caller} tried many paths of ${who(observation)}`,
            detail: `${many} different paths within a minute were refused or not found, the last ${event.path}`,
        };
    },
    examples: {
        hit: [
            Array.from({ length: many }, (_, index) => ({
                kind: 'request',
                direction: 'in',
                method: 'GET',
                path: `/admin${index}`,
                peer: 'gateway',
                status: 404,
                verdict: { effect: 'allow', contract: 'x', version: 1, clause: 'c', reason: 'allowed' },
            })),
        ],
        miss: [
            {
                kind: 'request',
                direction: 'in',
                method: 'GET',
                path: '/products',
                peer: 'gateway',
                status: 404,
                verdict: { effect: 'allow', contract: 'x', version: 1, clause: 'c', reason: 'allowed' },
            },
        ],
    },
};
