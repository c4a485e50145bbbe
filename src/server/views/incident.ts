/** One incident, in reading order: what happened, was it stopped, what made it possible, what to do, proof. */
import type { z } from 'zod';
import {
  type Action,
  type ContractVersion,
  type Incident,
  type Layer,
  layers,
  type Observation,
} from '../../model/index.js';
import type { Drop } from '../../store/index.js';
import type { EvidenceRow } from '../api/evidence.js';
import type { IncidentAnswer, IncidentRow } from '../api/incidents.js';
import { actionRow } from './actions.js';
import { gapRows } from './gaps.js';
import { isManaged } from './holds.js';
import { storyOf } from './story.js';
import { touchedBy } from './touched.js';

export interface IncidentSources {
  readonly incident: Incident;
  readonly actions: readonly Action[];
  readonly evidence: readonly z.infer<typeof EvidenceRow>[];
  /** Observations behind the signals, as far as they are still kept. */
  readonly observations: ReadonlyMap<string, Observation>;
  readonly active: ReadonlyMap<string, ContractVersion>;
  /** What retention let go of around it. */
  readonly gaps: readonly Drop[];
}

export function incidentRow(incident: Incident): z.infer<typeof IncidentRow> {
  const { signals, links: _links, ...rest } = incident;
  const countOf = (layer: Layer) => signals.filter((signal) => signal.layer === layer).length;
  return {
    ...rest,
    signals: { runtime: countOf('runtime'), network: countOf('network'), api: countOf('api') },
    detectMs: Math.max(0, incident.openedAt - incident.firstAt),
    containMs: incident.containedAt === null ? null : Math.max(0, incident.containedAt - incident.firstAt),
  };
}

export function incidentView(sources: IncidentSources): z.infer<typeof IncidentAnswer> {
  const { incident, actions, evidence } = sources;
  return {
    incident,
    row: incidentRow(incident),
    story: storyOf(incident, actions),
    stopped: stoppedOf(incident, actions),
    causes: causesOf(sources),
    touched: touchedBy(incident, sources.observations),
    actions: actions.map(actionRow),
    evidence: [...evidence],
    gaps: gapRows(sources.gaps),
    next: nextSteps(incident, actions, evidence),
  };
}

function stoppedOf(incident: Incident, actions: readonly Action[]): z.infer<typeof IncidentAnswer>['stopped'] {
  if (incident.containedAt !== null) {
    const afterMs = Math.max(0, incident.containedAt - incident.firstAt);
    return {
      contained: true,
      at: incident.containedAt,
      afterMs,
      sentence: `Contained ${(afterMs / 1_000).toFixed(2)} s after the first event`,
    };
  }
  const refused = incident.signals.filter((signal) => signal.outcome === 'refused').length;
  const running = actions.some((action) => action.status === 'approved' || action.status === 'running');
  const sentence = running
    ? 'Containment is under way'
    : refused > 0
      ? `Not contained; ${refused} of its steps refused`
      : 'Not contained';
  return { contained: false, at: null, afterMs: null, sentence };
}

/** A layer that saw a step and let it pass, because its contract says so or says nothing. */
function causesOf({ incident, active }: IncidentSources): z.infer<typeof IncidentAnswer>['causes'] {
  const causes: z.infer<typeof IncidentAnswer>['causes'] = [];
  for (const service of incident.services) {
    const version = active.get(service);
    for (const layer of layers) {
      const passed = incident.signals.filter(
        (signal) => signal.service === service && signal.layer === layer && signal.outcome === 'detected',
      ).length;
      if (passed === 0 || version === undefined) continue;
      const mode = version.contract.mode[layer];
      const name = layer === 'api' ? 'API' : layer;
      const managed = isManaged(version, layer);
      if (managed && mode === 'enforce') continue;
      causes.push({
        sentence: managed
          ? `The ${name} layer of ${service} was in ${mode}`
          : `The contract of ${service} says nothing about the ${name} layer`,
        detail: `contract v${version.version}; ${passed} ${passed === 1 ? 'step was' : 'steps were'} seen and let pass`,
        service,
        layer,
        fix: managed
          ? `tricordon contract approve ${service} --mode ${layer}=enforce`
          : `tricordon contract show ${service}`,
      });
    }
  }
  return causes;
}

function nextSteps(
  incident: Incident,
  actions: readonly Action[],
  evidence: readonly z.infer<typeof EvidenceRow>[],
): z.infer<typeof IncidentAnswer>['next'] {
  if (incident.state === 'closed') return [];
  const next: z.infer<typeof IncidentAnswer>['next'] = [];
  const did = (kind: Action['kind']) => actions.some((action) => action.kind === kind && action.status === 'done');
  const waits = actions.some((action) => action.status === 'planned' || action.status === 'failed');
  if (actions.length === 0)
    next.push({ sentence: 'See what would contain it', command: `tricordon respond plan ${incident.id}` });
  else if (incident.containedAt === null && waits)
    next.push({ sentence: 'Contain it', command: `tricordon respond apply ${incident.id}` });
  const bundle = evidence[0];
  if (bundle !== undefined)
    next.push({ sentence: 'Check the evidence', command: `tricordon forensics verify ${bundle.id}` });
  else if (incident.containedAt !== null)
    next.push({ sentence: 'Collect evidence before anything is restarted', command: null });
  if (incident.containedAt !== null && !did('restart'))
    next.push({ sentence: `Restore ${incident.services[0] ?? 'the service'} from its approved code`, command: null });
  if (did('restart')) next.push({ sentence: 'Close the incident with a reason', command: null });
  return next;
}
