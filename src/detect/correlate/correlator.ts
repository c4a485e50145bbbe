/** Joins signals over layers and services into stories, as they come. */
import type { Clock } from '../../base/index.js';
import { gatewayService } from '../../contract/index.js';
import { type Incident, type Observation, type Signal, serviceOf } from '../../model/index.js';
import { makeSignal, wasRefused } from '../make-signal.js';
import { Recent } from '../recent.js';
import { Callers } from './callers.js';
import { Lineage } from './lineage.js';
import { type Moment, momentOf } from './moment.js';
import { Requests, type SeenRequest } from './requests.js';
import { contextRule, scoreOf } from './score.js';
import { Story } from './story.js';

export interface CorrelatorOptions {
  readonly clock: Clock;
  /** Gives the next incident's id (`INC-7`). */
  readonly allocate: () => string;
  /** Weight at which a story opens as an incident; default 8. */
  readonly threshold?: number;
  /** How far apart in time signals of one workload still belong together; default ten minutes. */
  readonly windowMs?: number;
}

export interface Correlator {
  /**
   * Takes one observation, notable or not (lineage, sockets and requests are learned from all of them), with the
   * signals it gave. Returns every incident that is new or changed. An incident that turned out to be part of another
   * comes back closed, empty and titled `merged into INC-n`. Late, repeated and reordered observations are fine.
   */
  add(observation: Observation, signals: readonly Signal[]): readonly Incident[];
  /** Takes an incident back from the store after a start. */
  restore(incident: Incident): void;
  /** What was done about an incident. Once triaged or closed, nothing joins it any more. */
  setState(id: string, state: Incident['state'], containedAt: number | null): void;
  readonly size: { readonly stories: number; readonly open: number };
}

const maxStories = 5_000;
const maxWorkloads = 16;

export function correlator(options: CorrelatorOptions): Correlator {
  const threshold = options.threshold ?? 8;
  const windowMs = options.windowMs ?? 10 * 60_000;
  const lineage = new Lineage();
  const requests = new Requests();
  const stories = new Set<Story>();
  /** Stories with requests whose own cause has not been seen yet; at most eight requests each. */
  const waiting = new Set<Story>();
  /** Stories that found a request that another one has as well: united once a row is through. */
  const shared: [string, Story][] = [];
  const byKey = new Recent<string, Story>(50_000);
  const callers = new Callers(options.clock, requests);
  const known = new Recent<string, Story>(100_000);

  return {
    add(observation, signals) {
      lineage.learn(observation);
      callers.learn(observation);
      const request = requests.learn(observation);
      const changed = new Set<Story>();
      const merged: Incident[] = [];
      for (const signal of signals) {
        if (known.get(signal.id) !== undefined) continue;
        const story = place(signal, observation, merged);
        if (story === undefined) continue;
        story.heard(momentOf(observation, options.clock).heard);
        changed.add(story);
      }
      if (request !== undefined) {
        for (const story of joinRequest(request, merged)) changed.add(story);
      }
      for (const story of uniteShared(merged)) changed.add(story);
      return [...merged, ...[...changed].flatMap((story) => publish(story) ?? [])];
    },
    restore(incident) {
      const story = new Story();
      story.id = incident.id;
      story.state = incident.state;
      story.containedAt = incident.containedAt;
      story.openedAt = incident.openedAt;
      story.oldTitle = incident.title;
      for (const signal of incident.signals) {
        story.take(signal);
        known.set(signal.id, story);
        if (wasActor(signal)) story.actors.add(signal.id);
        if (signal.workload !== null && wasActor(signal)) own(story, `w:${signal.workload}`);
        if (signal.join.trace !== undefined && signal.rule !== contextRule) own(story, `t:${signal.join.trace}`);
      }
      for (const { from, to, by } of incident.links) story.link(from, to, by);
      keep(story);
    },
    setState(id, state, containedAt) {
      for (const story of stories) {
        if (story.id !== id) continue;
        story.state = state;
        story.containedAt = containedAt;
        if (isClosed(story)) stories.delete(story);
      }
    },
    get size() {
      return { stories: stories.size, open: [...stories].filter((story) => story.id !== undefined).length };
    },
  };

  function place(signal: Signal, observation: Observation, merged: Incident[]): Story | undefined {
    const keys = keysOf(signal, observation);
    const found = new Set<Story>();
    for (const { key } of keys) {
      const story = byKey.get(key);
      if (story !== undefined && joins(story, momentOf(observation, options.clock))) found.add(story);
    }
    const story = unite([...found], merged) ?? keep(new Story());
    known.set(signal.id, story);
    if (!story.take(signal)) {
      // Beyond the limit a story only grows in time: said now and then, not with every row of a flood.
      return story.beyond % 100 === 1 ? story : undefined;
    }
    if (isActor(observation)) story.actors.add(signal.id);
    linkIn(story, signal, keys);
    for (const { key } of keys) own(story, key);
    story.noteReached(observation);
    const cause = story.actors.has(signal.id) ? causeFor(signal) : undefined;
    if (cause !== undefined) addCause(story, cause.request, signal.id, cause.by);
    followUp(story);
    return story;
  }

  function causeFor(signal: Signal) {
    if (signal.workload === null) return undefined;
    const pid = lineage.processOf(signal.host, signal.workload, signal.join);
    return requests.causeOf(signal.host, signal.workload, signal.at, pid, lineage);
  }

  /** Where a signal belongs, surest first. */
  function keysOf(signal: Signal, observation: Observation): { key: string; by: string }[] {
    const { event, join } = observation;
    const keys: { key: string; by: string }[] = [];
    const crossing = event.kind === 'request' || event.kind === 'flow';
    const inbound = crossing && event.direction === 'in';
    if (join.trace !== undefined && crossing) keys.push({ key: `t:${join.trace}`, by: 'trace' });
    if (inbound) {
      for (const { workload, by } of callers.of(observation, isSuspect(observation)))
        keys.push({ key: `w:${workload}`, by });
      // What was let in may have done something here; what was refused never arrived.
      if (!wasRefused(observation) && signal.workload !== null)
        keys.push({ key: `w:${signal.workload}`, by: 'workload' });
      if (keys.length === 0) keys.push({ key: `p:${signal.service ?? ''} ${event.peer ?? ''}`, by: 'caller' });
      return keys;
    }
    if (signal.workload !== null) keys.push({ key: `w:${signal.workload}`, by: 'workload' });
    else keys.push({ key: `h:${signal.host} ${signal.service ?? ''} ${join.pid ?? ''}`, by: 'process' });
    return keys;
  }

  /** Whether a workload is in a story that this observation can still join. */
  function isSuspect(observation: Observation): (workload: string) => boolean {
    const now = momentOf(observation, options.clock);
    return (workload) => {
      const story = byKey.get(`w:${workload}`);
      return story !== undefined && joins(story, now);
    };
  }

  function linkIn(story: Story, signal: Signal, keys: readonly { key: string; by: string }[]): void {
    const pid = lineage.processOf(signal.host, signal.workload, signal.join);
    const chain = pid === undefined || !story.actors.has(signal.id) ? [] : lineage.chain(signal.host, pid);
    let linked = false;
    for (const each of chain) {
      const previous = story.lastBy.get(`pid ${signal.host} ${each}`);
      if (previous === undefined || previous === signal.id) continue;
      story.link(previous, signal.id, signal.join.pid === undefined ? 'socket' : 'process lineage');
      linked = true;
      break;
    }
    for (const { key, by } of keys) {
      const previous = story.lastBy.get(key);
      if (!linked && previous !== undefined) {
        story.link(previous, signal.id, by);
        linked = true;
      }
      story.lastBy.set(key, signal.id);
    }
    if (pid !== undefined && story.actors.has(signal.id)) story.lastBy.set(`pid ${signal.host} ${pid}`, signal.id);
  }

  /** A request that came later than what it caused, or that shows whose trace a refusal belongs to. */
  function joinRequest(request: SeenRequest, merged: Incident[]): Set<Story> {
    const changed = new Set<Story>();
    const { observation, event } = request;
    const { workload, join } = observation;
    if (workload !== null && event.direction === 'in') {
      const story = byKey.get(`w:${workload}`);
      if (story !== undefined && stories.has(story)) {
        for (const signal of [...story.signals.values()]) {
          if (signal.workload !== workload || !story.actors.has(signal.id)) continue;
          if (signal.at < request.from || signal.at > request.until) continue;
          const cause = causeFor(signal);
          if (cause?.request.observation.id !== observation.id) continue;
          if (addCause(story, request, signal.id, cause.by)) changed.add(story);
        }
      }
    }
    if (workload !== null && event.direction === 'out' && join.trace !== undefined) {
      const traced = byKey.get(`t:${join.trace}`);
      // Only a refusal of this very caller is its doing, not everything else in the trace.
      if (
        traced !== undefined &&
        joins(traced, momentOf(observation, options.clock)) &&
        blames(traced, join.trace, observation.service)
      ) {
        const mine = byKey.get(`w:${workload}`);
        const both =
          mine !== undefined && mine !== traced && joins(mine, momentOf(observation, options.clock))
            ? [mine, traced]
            : [traced];
        const story = unite(both, merged);
        if (story !== undefined && (both.length > 1 || !story.keys.has(`w:${workload}`))) {
          own(story, `w:${workload}`);
          changed.add(story);
        }
      }
    }
    for (const story of waiting) {
      story.unresolved = story.unresolved.filter((each) => each.until >= observation.at - windowMs);
      if (stories.has(story) && followUp(story)) changed.add(story);
      if (story.unresolved.length === 0 || !stories.has(story)) waiting.delete(story);
    }
    return changed;
  }

  function blames(story: Story, trace: string, service: string | null): boolean {
    return [...story.signals.values()].some((signal) => {
      return signal.join.trace === trace && service !== null && serviceOf(signal.join.caller) === service;
    });
  }

  /** Makes the request that started it a step of the story. */
  function addCause(story: Story, request: SeenRequest, effect: string, by: string): boolean {
    const { observation, event } = request;
    const id = `${contextRule}:${observation.id}`;
    if (story.signals.has(id)) {
      story.link(id, effect, by);
      return false;
    }
    if (story.causes.length >= 8) return false;
    const other = known.get(id);
    if (other !== undefined && other !== story) shared.push([id, story]);
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
      if (other === undefined || !stories.has(other)) known.set(id, story);
    }
    story.link(same?.id ?? id, effect, by);
    story.causes.push(request);
    story.unresolved.push(request);
    waiting.add(story);
    followUp(story);
    return true;
  }

  /** Follows the requests of a story outwards, hop by hop, as far as they have been seen. */
  function followUp(story: Story): boolean {
    let grew = false;
    for (const request of [...story.unresolved]) {
      const outermost = request.event.peer === undefined || request.event.peer === gatewayService;
      const upstream = outermost ? undefined : requests.upstreamOf(request);
      if (!outermost && upstream === undefined) continue;
      story.unresolved = story.unresolved.filter((each) => each !== request);
      if (upstream === undefined) continue;
      const effect = [...story.signals.values()].find((signal) => signal.observation === request.observation.id);
      if (addCause(story, upstream.request, effect?.id ?? '', upstream.by === 'time' ? 'time' : 'trace')) grew = true;
    }
    return grew;
  }

  /** One request that began what happened in several workloads, on whichever hosts: one story. */
  function uniteShared(merged: Incident[]): Set<Story> {
    const changed = new Set<Story>();
    for (const [id, story] of shared.splice(0)) {
      const other = known.get(id);
      if (other === undefined || other === story || !stories.has(story) || !stories.has(other)) continue;
      if (isClosed(story) || isClosed(other)) continue;
      const united = unite([other, story], merged);
      if (united !== undefined) changed.add(united);
    }
    return changed;
  }

  function unite(found: Story[], merged: Incident[]): Story | undefined {
    // The oldest incident keeps its name; a story that is none yet gives way.
    const [first, ...others] = found.sort((left, right) => {
      if ((left.id === undefined) !== (right.id === undefined)) return left.id === undefined ? 1 : -1;
      return left.firstAt - right.firstAt;
    });
    if (first === undefined) return undefined;
    for (const other of others) {
      if (first.workloads.size + other.workloads.size > maxWorkloads) continue;
      first.absorb(other);
      stories.delete(other);
      waiting.delete(other);
      if (first.unresolved.length > 0) waiting.add(first);
      for (const key of other.keys) own(first, key);
      for (const id of other.signals.keys()) known.set(id, first);
      if (other.id !== undefined && first.id !== undefined) {
        const { layers: _layers, ...rest } = other.incident(threshold);
        const title = `merged into ${first.id}`;
        merged.push({ ...rest, layers: [], tactics: [], state: 'closed', title, signals: [], links: [] });
      }
    }
    return first;
  }

  function publish(story: Story): Incident | undefined {
    if (!stories.has(story)) return undefined;
    if (story.id === undefined) {
      if (!scoreOf([...story.signals.values()], threshold).opens) return undefined;
      story.id = options.allocate();
      story.openedAt = options.clock.now();
    }
    return story.incident(threshold);
  }

  function joins(story: Story, { at, heard }: Moment): boolean {
    if (!stories.has(story) || isClosed(story)) return false;
    if (at >= story.firstAt - windowMs && at <= story.lastAt + windowMs) return true;
    // The wall clock was set between the two: what is told by the other one still belongs together.
    return heard !== undefined && story.lastHeard !== undefined && heard - story.lastHeard <= windowMs;
  }

  function own(story: Story, key: string): void {
    story.keys.add(key);
    byKey.set(key, story);
  }

  function keep(story: Story): Story {
    stories.add(story);
    if (stories.size > maxStories) {
      // The oldest that never became an incident goes; if all did, the oldest.
      const oldest = [...stories].find((each) => each.id === undefined) ?? [...stories][0];
      if (oldest !== undefined && oldest !== story) stories.delete(oldest);
    }
    return story;
  }
}

function isClosed(story: Story): boolean {
  return story.state === 'triaged' || story.state === 'closed';
}

/** Whether its own workload did it, and not a caller that was met there. */
function isActor({ event }: Observation): boolean {
  return !((event.kind === 'request' || event.kind === 'flow') && event.direction === 'in');
}

/** The same, for a signal from the store, whose observation is gone: our titles begin with whoever did it. */
function wasActor(signal: Signal): boolean {
  if (signal.rule === contextRule) return false;
  return signal.layer === 'runtime' || (signal.service !== null && signal.title.startsWith(`${signal.service} `));
}
