/** Joins signals over layers and services into stories, as they come. */
import type { Clock } from '../../base/index.js';
import type { Incident, Observation, Signal } from '../../model/index.js';
import { wasRefused } from '../make-signal.js';
import { Callers } from './callers.js';
import { Causes } from './causes.js';
import { Lineage } from './lineage.js';
import { momentOf } from './moment.js';
import { Requests } from './requests.js';
import { contextRule, scoreOf } from './score.js';
import { Stories } from './stories.js';
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

export function correlator(options: CorrelatorOptions): Correlator {
  const threshold = options.threshold ?? 8;
  const windowMs = options.windowMs ?? 10 * 60_000;
  const lineage = new Lineage();
  const requests = new Requests();
  const stories = new Stories({ threshold, windowMs });
  const causes = new Causes({ clock: options.clock, windowMs, lineage, requests, stories });
  const callers = new Callers(options.clock, requests);

  return {
    add(observation, signals) {
      lineage.learn(observation);
      callers.learn(observation);
      const request = requests.learn(observation);
      const changed = new Set<Story>();
      const merged: Incident[] = [];
      for (const signal of signals) {
        if (stories.of(signal.id) !== undefined) continue;
        const story = place(signal, observation, merged);
        if (story === undefined) continue;
        story.heard(momentOf(observation, options.clock).heard);
        changed.add(story);
      }
      if (request !== undefined) {
        for (const story of causes.join(request, merged)) changed.add(story);
      }
      for (const story of causes.uniteShared(merged)) changed.add(story);
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
        stories.note(signal.id, story);
        if (wasActor(signal)) story.actors.add(signal.id);
        if (signal.workload !== null && wasActor(signal)) stories.own(story, `w:${signal.workload}`);
        if (signal.join.trace !== undefined && signal.rule !== contextRule)
          stories.own(story, `t:${signal.join.trace}`);
      }
      for (const { from, to, by } of incident.links) story.link(from, to, by);
      stories.keep(story);
    },
    setState(id, state, containedAt) {
      for (const story of stories.values()) {
        if (story.id !== id) continue;
        story.state = state;
        story.containedAt = containedAt;
        if (story.isClosed()) stories.end(story);
      }
    },
    get size() {
      return { stories: stories.size, open: [...stories.values()].filter((story) => story.id !== undefined).length };
    },
  };

  function place(signal: Signal, observation: Observation, merged: Incident[]): Story | undefined {
    const keys = keysOf(signal, observation);
    const found = new Set<Story>();
    for (const { key } of keys) {
      const story = stories.at(key);
      if (story !== undefined && stories.joins(story, momentOf(observation, options.clock))) found.add(story);
    }
    const story = stories.unite([...found], merged) ?? stories.keep(new Story());
    stories.note(signal.id, story);
    if (!story.take(signal)) {
      // Beyond the limit a story only grows in time: said now and then, not with every row of a flood.
      return story.beyond % 100 === 1 ? story : undefined;
    }
    if (isActor(observation)) story.actors.add(signal.id);
    linkIn(story, signal, keys);
    for (const { key } of keys) stories.own(story, key);
    story.noteReached(observation);
    causes.explain(story, signal);
    return story;
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
      const story = stories.at(`w:${workload}`);
      return story !== undefined && stories.joins(story, now);
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

  function publish(story: Story): Incident | undefined {
    if (!stories.has(story)) return undefined;
    if (story.id === undefined) {
      if (!scoreOf([...story.signals.values()], threshold).opens) return undefined;
      story.id = options.allocate();
      story.openedAt = options.clock.now();
    }
    return story.incident(threshold);
  }
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
