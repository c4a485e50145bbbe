import { printable } from '../base/index.js';
import type { Observation, Signal } from '../model/index.js';

type Judgement = Pick<Signal, 'rule' | 'kind' | 'severity' | 'tactic' | 'technique' | 'title' | 'detail'>;

/** A signal about an observation. Everything hostile in it is escaped and bounded here and nowhere else. */
export function makeSignal(observation: Observation, judgement: Judgement): Signal {
  return {
    id: `${judgement.rule}:${observation.id}`,
    at: observation.at,
    host: observation.host,
    layer: observation.layer,
    service: observation.service,
    workload: observation.workload,
    identity: observation.identity,
    rule: judgement.rule,
    kind: judgement.kind,
    severity: judgement.severity,
    tactic: judgement.tactic,
    technique: judgement.technique,
    title: bounded(judgement.title, 1_024),
    detail: bounded(judgement.detail, 4_096),
    outcome: wasRefused(observation) ? 'refused' : 'detected',
    observation: observation.id,
    join: observation.join,
  };
}

/** We or the kernel on our behalf said no before it happened. */
export function wasRefused({ event }: Observation): boolean {
  if (event.kind === 'denied-syscall') return true;
  if (event.kind === 'exec' || event.kind === 'open') return event.refused === true;
  return (event.kind === 'request' || event.kind === 'flow') && event.verdict.effect === 'deny';
}

/** Escaping makes text longer: cut after it too. */
function bounded(text: string, limit: number): string {
  return printable(text, Math.floor(limit / 2)).slice(0, limit);
}
