/** The requests behind a story: which one began an act, and hop by hop outwards which one began that. */
import type { Clock } from '../../base/index.js';
import { gatewayService } from '../../contract/index.js';
import { type Incident, type Signal, serviceOf } from '../../model/index.js';
import { makeSignal } from '../make-signal.js';
import type { Lineage } from './lineage.js';
import { momentOf } from './moment.js';
import type { Cause, Requests, SeenRequest } from './requests.js';
import { contextRule } from './score.js';
import type { Stories } from './stories.js';
import type { Story } from './story.js';

export interface CausesOptions {
  readonly clock: Clock;
  readonly windowMs: number;
  readonly lineage: Lineage;
  readonly requests: Requests;
  readonly stories: Stories;
}

const maxCauses = 8;

export class Causes {
  readonly #options: CausesOptions;
  /** Stories that found a request that another one has as well: united once a row is through. */
  readonly #shared: [string, Story][] = [];

  constructor(options: CausesOptions) {
    this.#options = options;
  }

  /** Looks for what began this step, and what began the steps of before. */
  explain(story: Story, signal: Signal): void {
    const cause = story.actors.has(signal.id) ? this.#causeOf(signal) : undefined;
    if (cause !== undefined) this.#add(story, cause.request, signal.id, cause.by);
    this.#followUp(story);
  }

  /**
   * A request that came later than what it caused, or that shows whose trace a refusal belongs to.
   *
   * @param merged takes incidents that turned out to be part of another
   * @returns the stories that it changed
   */
  join(request: SeenRequest, merged: Incident[]): Set<Story> {
    const { direction } = request.event;
    const changed = new Set<Story>();
    if (direction === 'in') this.#joinEffects(request, changed);
    else this.#joinTrace(request, changed, merged);
    this.#joinWaiting(request, changed);
    return changed;
  }

  /** One request that began what happened in several workloads, on whichever hosts: one story. */
  uniteShared(merged: Incident[]): Set<Story> {
    const { stories } = this.#options;
    const changed = new Set<Story>();
    for (const [id, story] of this.#shared.splice(0)) {
      const other = stories.of(id);
      if (other === undefined || other === story || !stories.has(story) || !stories.has(other)) continue;
      if (story.isClosed() || other.isClosed()) continue;
      const united = stories.unite([other, story], merged);
      if (united !== undefined) changed.add(united);
    }
    return changed;
  }

  #causeOf(signal: Signal): Cause | undefined {
    const { lineage, requests } = this.#options;
    if (signal.workload === null) return undefined;
    const pid = lineage.processOf(signal.host, signal.workload, signal.join);
    return requests.causeOf(signal.host, signal.workload, signal.at, pid, lineage);
  }

  /** Steps of the workload that answered it, which were told before it. */
  #joinEffects(request: SeenRequest, changed: Set<Story>): void {
    const { stories } = this.#options;
    const { id, workload } = request.observation;
    if (workload === null) return;
    const story = stories.at(`w:${workload}`);
    if (story === undefined || !stories.has(story)) return;
    for (const signal of [...story.signals.values()]) {
      if (signal.workload !== workload || !story.actors.has(signal.id)) continue;
      if (signal.at < request.from || signal.at > request.until) continue;
      const cause = this.#causeOf(signal);
      if (cause?.request.observation.id !== id) continue;
      if (this.#add(story, request, signal.id, cause.by)) changed.add(story);
    }
  }

  /** A refusal elsewhere in the trace of what this workload called. */
  #joinTrace({ observation }: SeenRequest, changed: Set<Story>, merged: Incident[]): void {
    const { stories, clock } = this.#options;
    const { workload, join } = observation;
    if (workload === null || join.trace === undefined) return;
    const now = momentOf(observation, clock);
    const traced = stories.at(`t:${join.trace}`);
    // Only a refusal of this very caller is its doing, not everything else in the trace.
    if (traced === undefined || !stories.joins(traced, now) || !blames(traced, join.trace, observation.service)) return;
    const mine = stories.at(`w:${workload}`);
    const both = mine !== undefined && mine !== traced && stories.joins(mine, now) ? [mine, traced] : [traced];
    const story = stories.unite(both, merged);
    if (story === undefined || (both.length === 1 && story.keys.has(`w:${workload}`))) return;
    stories.own(story, `w:${workload}`);
    changed.add(story);
  }

  /** It may be what other stories wait for. */
  #joinWaiting({ observation }: SeenRequest, changed: Set<Story>): void {
    const { stories, windowMs } = this.#options;
    for (const story of stories.waiting) {
      story.unresolved = story.unresolved.filter((each) => each.until >= observation.at - windowMs);
      if (stories.has(story) && this.#followUp(story)) changed.add(story);
      if (story.unresolved.length === 0 || !stories.has(story)) stories.waiting.delete(story);
    }
  }

  /** Makes the request that started it a step of the story. */
  #add(story: Story, request: SeenRequest, effect: string, by: string): boolean {
    const { stories } = this.#options;
    const { observation, event } = request;
    const id = `${contextRule}:${observation.id}`;
    if (story.signals.has(id)) {
      story.link(id, effect, by);
      return false;
    }
    if (story.causes.length >= maxCauses) return false;
    const other = stories.of(id);
    if (other !== undefined && other !== story) this.#shared.push([id, story]);
    // The request may be a signal of its own already: then that is the step.
    const same = [...story.signals.values()].find((signal) => signal.observation === observation.id);
    if (same === undefined) {
      const from = event.peer === gatewayService ? 'the public' : (event.peer ?? 'an unknown caller');
      story.take(
        makeSignal(observation, {
          rule: contextRule,
          kind: 'rule',
          severity: 'low',
          tactic: 'TA0001',
          technique: 'T1190',
          title: `${from} called ${event.method} ${event.path} of ${observation.service ?? 'a service'}`,
          detail: `the request during which it began, joined by ${by}`,
        }),
      );
      if (other === undefined || !stories.has(other)) stories.note(id, story);
    }
    story.link(same?.id ?? id, effect, by);
    story.causes.push(request);
    story.unresolved.push(request);
    stories.waiting.add(story);
    this.#followUp(story);
    return true;
  }

  /** Follows the requests of a story outwards, hop by hop, as far as they have been seen. */
  #followUp(story: Story): boolean {
    let grew = false;
    for (const request of [...story.unresolved]) {
      const outermost = request.event.peer === undefined || request.event.peer === gatewayService;
      const upstream = outermost ? undefined : this.#options.requests.upstreamOf(request);
      if (!outermost && upstream === undefined) continue;
      story.unresolved = story.unresolved.filter((each) => each !== request);
      if (upstream === undefined) continue;
      const effect = [...story.signals.values()].find((signal) => signal.observation === request.observation.id);
      if (this.#add(story, upstream.request, effect?.id ?? '', upstream.by === 'time' ? 'time' : 'trace')) grew = true;
    }
    return grew;
  }
}

/** Whether something of this trace was held against this caller. */
function blames(story: Story, trace: string, service: string | null): boolean {
  return [...story.signals.values()].some((signal) => {
    return signal.join.trace === trace && service !== null && serviceOf(signal.join.caller) === service;
  });
}
