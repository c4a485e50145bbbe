/** How far a proposal is from being all that a service does: an estimate with its reasons, never a timer. */
import type { Layer } from '../../model/index.js';

export interface LayerReadiness {
  readonly layer: Layer;
  /** 0 to 1: the product of what follows, each of them 0 to 1. Null: nothing was seen at this layer. */
  readonly value: number | null;
  /**
   * Share of what happens that no clause of the proposal covers yet, at most so (with 95 % confidence), by how many clauses
   * rest on one single observation (Good and Turing; Good 1953, Biometrika 40).
   */
  readonly unseen: number | null;
  readonly observed: number;
  /** Different days (UTC) on which something was seen. */
  readonly days: number;
  /** Different starts of the service that took part: replicas, restarts, deployments. */
  readonly starts: number;
  /** Why it is not 1; empty when it is. */
  readonly reasons: readonly string[];
}

export interface Sightings {
  /** How often each clause of the layer was seen. */
  readonly counts: readonly number[];
  readonly days: number;
  readonly starts: number;
}

/** Below it nothing more is asked. */
const wantedUnseen = 0.001;
/** A whole week has its Monday and its Sunday. */
const wantedDays = 7;
const wantedStarts = 2;

export function readinessOf(layer: Layer, { counts, days, starts }: Sightings): LayerReadiness {
  const observed = counts.reduce((sum, count) => sum + count, 0);
  if (observed === 0)
    return { layer, value: null, unseen: null, observed, days, starts, reasons: ['nothing was seen at this layer'] };
  const unseen = unseenMass(counts.filter((count) => count === 1).length, observed);
  const parts = [
    { part: Math.min(1, Math.log10(1 / unseen) / Math.log10(1 / wantedUnseen)), why: unseenText(unseen) },
    { part: Math.min(1, days / wantedDays), why: `seen on ${days} of ${wantedDays} different days` },
    { part: Math.min(1, starts / wantedStarts), why: 'no restart, replica or deployment took part' },
  ];
  const value = parts.reduce((product, { part }) => product * part, 1);
  const reasons = parts.flatMap(({ part, why }) => (part < 1 ? [why] : []));
  return { layer, value: Math.round(value * 1_000) / 1_000, unseen, observed, days, starts, reasons };
}

/** Upper end of the 95 % interval of the number of singletons (Poisson), as a share; never over 1. */
function unseenMass(singles: number, observed: number): number {
  // With none it is the rule of three.
  return Math.min(1, (singles + 1.645 * Math.sqrt(singles) + 3) / observed);
}

function unseenText(unseen: number): string {
  return unseen >= 0.5
    ? 'too little was seen to say what is missing'
    : `up to one in ${Math.floor(1 / unseen)} things that it does may not be covered`;
}
