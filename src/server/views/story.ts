/** What happened, in order of time: signals and what was done about them. */
import type { z } from 'zod';
import { printable } from '../../base/index.js';
import { type Action, type Incident, tacticNames, tactics } from '../../model/index.js';
import type { StoryStep } from '../api/incidents.js';
import { actionSentence } from './actions.js';

type Step = z.infer<typeof StoryStep>;

const outcomes = {
  planned: 'pending',
  approved: 'pending',
  running: 'pending',
  done: 'done',
  failed: 'failed',
  unavailable: 'unavailable',
  undone: 'undone',
} as const;

export function storyOf(incident: Incident, actions: readonly Action[]): Step[] {
  const known = new Set(incident.signals.map(({ id }) => id));
  const steps: Omit<Step, 'afterMs'>[] = incident.signals.map((signal) => ({
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
    if (action.status === 'planned') continue;
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
  const rank = (step: Omit<Step, 'afterMs'>) => (step.tactic === null ? tactics.length : tactics.indexOf(step.tactic));
  steps.sort((a, b) => a.at - b.at || rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  const first = steps[0]?.at ?? incident.firstAt;
  return steps.map((step) => ({ ...step, afterMs: step.at - first }));
}
