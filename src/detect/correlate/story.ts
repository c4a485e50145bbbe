/** Signals that hang together; an incident once it weighs enough. */
import { gatewayService } from '../../contract/index.js';
import { type Incident, layers, type Observation, type Signal, tactics } from '../../model/index.js';
import { wasRefused } from '../make-signal.js';
import type { SeenRequest } from './requests.js';
import { contextRule, scoreOf } from './score.js';
import { titleOf } from './title.js';

export const maxSignals = 500;

export class Story {
  readonly signals = new Map<string, Signal>();
  readonly links: { from: string; to: string; by: string }[] = [];
  readonly keys = new Set<string>();
  /** Key or process -> the last signal that had it, to link the next to. */
  readonly lastBy = new Map<string, string>();
  /** Signals about what their own workload did; the others are about a caller that was met there. */
  readonly actors = new Set<string>();
  readonly causes: SeenRequest[] = [];
  readonly reached = new Map<string, boolean>();
  /** Inbound requests whose own cause, one hop out, has not been seen yet. */
  unresolved: SeenRequest[] = [];
  workloads = new Set<string>();
  id: string | undefined;
  state: Incident['state'] = 'open';
  containedAt: number | null = null;
  openedAt = 0;
  firstAt = Number.POSITIVE_INFINITY;
  lastAt = Number.NEGATIVE_INFINITY;
  /** When, on a clock that never jumps, it last grew by something that had just happened. */
  lastHeard: number | undefined;
  /** From the store, where the requests behind it are no longer known. */
  oldTitle: string | undefined;
  /** Signals beyond the limit: counted, not kept. */
  beyond = 0;

  /** Nothing joins it any more. */
  isClosed(): boolean {
    return this.state === 'triaged' || this.state === 'closed';
  }

  /** False when it was there already or does not fit. */
  take(signal: Signal): boolean {
    if (this.signals.has(signal.id)) return false;
    this.firstAt = Math.min(this.firstAt, signal.at);
    this.lastAt = Math.max(this.lastAt, signal.at);
    if (this.signals.size >= maxSignals) {
      this.beyond += 1;
      return false;
    }
    this.signals.set(signal.id, signal);
    if (signal.workload !== null) this.workloads.add(signal.workload);
    return true;
  }

  heard(at: number | undefined): void {
    if (at !== undefined) this.lastHeard = Math.max(at, this.lastHeard ?? at);
  }

  link(from: string | undefined, to: string, by: string): void {
    if (from === undefined || from === to || this.links.length >= 4 * maxSignals) return;
    if (this.links.some((link) => link.from === from && link.to === to)) return;
    this.links.push({ from, to, by });
  }

  /** Whom it called or was met by, and whether it got there. */
  noteReached(observation: Observation): void {
    const { event } = observation;
    const got = !wasRefused(observation);
    if ((event.kind === 'request' || event.kind === 'flow') && event.direction === 'in') {
      if (observation.service !== null && event.peer !== gatewayService) this.#reach(observation.service, got);
    } else if (event.kind === 'request') this.#reach(event.peer, got);
    else if (event.kind === 'flow') this.#reach(event.peer ?? `${event.address}:${event.port}`, got);
    else if (event.kind === 'connect' && event.protocol !== 'unix') {
      this.#reach(`${event.address}:${event.port}`, event.failed !== true);
    }
  }

  #reach(name: string | undefined, got: boolean): void {
    if (name === undefined || this.reached.size >= 64) return;
    this.reached.set(name, got || this.reached.get(name) === true);
  }

  absorb(other: Story): void {
    for (const signal of other.signals.values()) this.take(signal);
    for (const { from, to, by } of other.links) this.link(from, to, by);
    for (const key of other.keys) this.keys.add(key);
    for (const [key, id] of other.lastBy) if (!this.lastBy.has(key)) this.lastBy.set(key, id);
    for (const id of other.actors) this.actors.add(id);
    this.causes.push(...other.causes);
    for (const [name, got] of other.reached) this.reached.set(name, got || this.reached.get(name) === true);
    this.unresolved.push(...other.unresolved);
    this.oldTitle ??= other.oldTitle;
    this.beyond += other.beyond;
    this.heard(other.lastHeard);
  }

  incident(threshold: number): Incident {
    const signals = [...this.signals.values()].sort(
      (left, right) =>
        left.at - right.at ||
        tactics.indexOf(left.tactic) - tactics.indexOf(right.tactic) ||
        (left.id < right.id ? -1 : 1),
    );
    const score = scoreOf(signals, threshold);
    const known = this.causes.length > 0 || this.reached.size > 0;
    const has = (tactic: string) => signals.some((signal) => signal.tactic === tactic);
    return {
      id: this.id ?? '',
      state: this.state,
      severity: score.severity,
      score: score.value,
      title: this.oldTitle !== undefined && !known ? this.oldTitle : titleOf(signals, this),
      openedAt: this.openedAt,
      firstAt: this.firstAt,
      lastAt: this.lastAt,
      containedAt: this.containedAt,
      layers: layers.filter((layer) => signals.some((signal) => signal.layer === layer)),
      tactics: tactics.filter(has),
      services: this.services(signals),
      signals,
      links: this.links.filter((link) => this.signals.has(link.from) && this.signals.has(link.to)),
    };
  }

  /** Who took part: the actors first, then whom they turned to. The public's gateway is no part of it. */
  private services(signals: readonly Signal[]): string[] {
    const own = signals.filter((signal) => signal.rule !== contextRule).flatMap((signal) => signal.service ?? []);
    const peers = [...this.reached.keys()].filter((name) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name));
    return [...new Set([...own, ...peers])];
  }
}
