import { printable } from '../../base/index.js';
import { tacticNames, tactics } from '../../model/index.js';
import { actionSentence } from './actions.js';
const outcomes = {
    planned: 'pending',
    approved: 'pending',
    running: 'pending',
    done: 'done',
    failed: 'failed',
    unavailable: 'unavailable',
    undone: 'undone',
};
export function storyOf(incident, actions) {
    const known = new Set(incident.signals.map(({ id }) => id));
    const steps = incident.signals.map((signal) => ({
        id: `signal:${signal.id}`,
        kind: 'signal',
        at: signal.at,
        layer: signal.layer,
        sentence: printable(signal.title, 1_024),
        detail: printable(signal.detail, 4_096),
        service: signal.service,
        workload: signal.workload,
        severity: signal.severity,
        tactic: signal.tactic,
        tacticName: tacticNames[signal.tactic],
        technique: signal.technique,
        outcome: signal.outcome,
        rule: signal.rule,
        observation: signal.observation,
        links: incident.links
            .filter((link) => link.from === signal.id && known.has(link.to))
            .map((link) => ({ to: `signal:${link.to}`, by: printable(link.by, 100) })),
    }));
    for (const action of actions) {
        if (action.status === 'planned')
            continue;
        steps.push({
            id: `action:${action.id}`,
            kind: 'action',
            at: action.finishedAt ?? action.requestedAt,
            layer: null,
            sentence: actionSentence(action),
            detail: printable(action.detail, 1_024),
            service: action.service,
            workload: action.workload,
            severity: null,
            tactic: null,
            tacticName: null,
            technique: null,
            outcome: outcomes[action.status],
            rule: null,
            observation: null,
            links: [],
        });
    }
    const rank = (step) => (step.tactic === null ? tactics.length : tactics.indexOf(step.tactic));
    steps.sort((a, b) => a.at - b.at || rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
    const first = steps[0]?.at ?? incident.firstAt;
    return steps.map((step) => ({ ...step, afterMs: step.at - first }));
}
