/** How much a story weighs, and whether it is an incident. */
import { type Severity, type Signal, severities, tactics } from '../../model/index.js';

export const weights: Readonly<Record<Severity, number>> = { critical: 10, high: 5, medium: 3, low: 1, info: 0.2 };
const halfLifeMs = 30 * 60_000;

/** The rule of the contextual signal: part of the story, no weight of its own. */
export const contextRule = 'initial-access';

export interface Score {
  readonly value: number;
  readonly opens: boolean;
  readonly severity: Severity;
}

/**
 * The heaviest signal of each tactic and layer counts, older ones less (half after 30 minutes); more layers and steps in
 * kill-chain order weigh more. It opens at `threshold` if it shows in two layers or three tactics, or one signal is
 * critical. Low signals add weight but make no layer and no tactic: two coincidences are no story.
 */
export function scoreOf(signals: readonly Signal[], threshold: number): Score {
  const own = signals.filter((signal) => signal.rule !== contextRule);
  const last = Math.max(...own.map((signal) => signal.at));
  const heaviest = new Map<string, number>();
  for (const signal of own) {
    const key = `${signal.tactic} ${signal.layer}`;
    const weight = weights[signal.severity] * 2 ** (-(last - signal.at) / halfLifeMs);
    heaviest.set(key, Math.max(heaviest.get(key) ?? 0, weight));
  }
  const telling = own.filter((signal) => weights[signal.severity] >= weights.medium);
  const layers = new Set(telling.map((signal) => signal.layer)).size;
  const kinds = new Set(telling.map((signal) => signal.tactic)).size;
  const sum = [...heaviest.values()].reduce((total, weight) => total + weight, 0);
  const value = sum * (1 + 0.5 * Math.max(0, layers - 1)) * (1 + 0.25 * Math.min(4, stepsForward(telling)));
  const critical = own.some((signal) => signal.severity === 'critical');
  const worst = severities.find((severity) => own.some((signal) => signal.severity === severity)) ?? 'info';
  return {
    value: Math.round(value * 100) / 100,
    opens: value >= threshold && (layers >= 2 || kinds >= 3 || critical),
    severity: layers >= 2 && kinds >= 3 ? 'critical' : worst,
  };
}

/** How often the story moves on to a later tactic. */
function stepsForward(signals: readonly Signal[]): number {
  const ordered = [...signals].sort((left, right) => left.at - right.at);
  let steps = 0;
  let at = -1;
  for (const signal of ordered) {
    const index = tactics.indexOf(signal.tactic);
    if (index > at && at >= 0) steps += 1;
    at = Math.max(at, index);
  }
  return steps;
}
