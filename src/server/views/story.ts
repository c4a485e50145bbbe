/** What happened, in order of time: signals and what was done about them. */
import type { z } from 'zod';
import { printable } from '../../base/index.js';
import { foldSignals } from '../../detect/index.js';
import { type Action, type Incident, tacticNames, tactics } from '../../model/index.js';
import type { StoryStep } from '../api/incidents.js';
import { actionSentence } from './actions.js';

type Step = z.infer<typeof StoryStep>;
type Untimed = Omit<Step, 'afterMs' | 'heading'>;

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
  const breaks = breaksOf(incident, actions);
  const folded = foldSignals(incident.signals, breaks);
  const leads = new Map(folded.flatMap(({ lead, signals }) => signals.map(({ id }) => [id, lead.id] as const)));
  const steps: Untimed[] = folded.map(({ lead: signal, signals, sentence, targets, chapter }) => ({
    id: `signal:${signal.id}`,
    kind: 'signal',
    at: signal.at,
    layer: signal.layer,
    sentence: printable(sentence, 1_100),
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
    links: linksOf(
      signal.id,
      signals.map(({ id }) => id),
    ),
    lastAt: signals.at(-1)?.at ?? signal.at,
    signals: signals.map(({ id }) => id),
    targets: targets.length > 1 ? targets.map((target) => printable(target, 512)) : [],
    chapter,
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
      lastAt: action.finishedAt ?? action.requestedAt,
      signals: [],
      targets: [],
      chapter: 1,
    });
  }
  const rank = (step: Untimed) => (step.tactic === null ? tactics.length : tactics.indexOf(step.tactic));
  steps.sort((a, b) => a.at - b.at || rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  const first = steps[0]?.at ?? incident.firstAt;
  let chapter = 1;
  return steps.map((step) => {
    // What was done about it belongs to the chapter it stands in.
    const opens = step.kind === 'signal' && step.chapter > chapter;
    chapter = step.kind === 'signal' ? step.chapter : chapter;
    return { ...step, chapter, heading: opens ? headingAt(step.at) : null, afterMs: step.at - first };
  });

  function headingAt(at: number): string {
    const contained = incident.containedAt !== null && incident.containedAt <= at;
    return contained ? 'Again, after containment' : 'Again, after a restart';
  }

  function linksOf(lead: string, members: readonly string[]): Step['links'] {
    const own = new Set(members);
    const links = new Map<string, Step['links'][number]>();
    for (const link of incident.links) {
      const to = leads.get(link.to);
      if (!own.has(link.from) || to === undefined || to === lead) continue;
      const by = printable(link.by, 100);
      links.set(`${to} ${by}`, { to: `signal:${to}`, by });
    }
    return [...links.values()];
  }
}

/**
 * The attack that comes after this is a new attempt: each clean restart, else the containment. What began while the
 * containment still worked belongs to the attempt it stops: a break waits for every action that had begun by then.
 */
export function breaksOf(incident: Pick<Incident, 'containedAt'>, actions: readonly Action[]): number[] {
  const carried = actions.filter(({ status }) => status !== 'planned' && status !== 'undone');
  const restarts = carried.flatMap(({ kind, status, finishedAt }) =>
    kind === 'restart' && status === 'done' && finishedAt !== null ? [finishedAt] : [],
  );
  const starts = restarts.length > 0 ? restarts : incident.containedAt === null ? [] : [incident.containedAt];
  return [...new Set(starts.map(settled))].filter(Number.isFinite).toSorted((a, b) => a - b);

  function settled(at: number): number {
    const until = Math.max(
      at,
      ...carried
        .filter(({ requestedAt }) => requestedAt <= at)
        .map(({ finishedAt }) => finishedAt ?? Number.POSITIVE_INFINITY),
    );
    return until === at ? at : settled(until);
  }
}
