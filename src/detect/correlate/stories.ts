/** The stories that go on, found by what belongs to them: a workload, a trace, a caller, a signal. */
import type { Incident } from '../../model/index.js';
import { Recent } from '../recent.js';
import type { Moment } from './moment.js';
import type { Story } from './story.js';

export interface StoriesOptions {
  /** Weight at which a story opens as an incident. */
  readonly threshold: number;
  /** How far apart in time signals of one workload still belong together. */
  readonly windowMs: number;
}

export const maxStories = 5_000;
const maxWorkloads = 16;

export class Stories {
  readonly #options: StoriesOptions;
  readonly #going = new Set<Story>();
  readonly #byKey = new Recent<string, Story>(50_000);
  readonly #bySignal = new Recent<string, Story>(100_000);
  /** Those with requests whose own cause has not been seen yet; at most eight requests each. */
  readonly waiting = new Set<Story>();

  constructor(options: StoriesOptions) {
    this.#options = options;
  }

  keep(story: Story): Story {
    this.#going.add(story);
    if (this.#going.size > maxStories) {
      // The oldest that never became an incident goes; if all did, the oldest.
      const others = [...this.#going].filter((each) => each !== story);
      const oldest = others.find((each) => each.id === undefined) ?? others[0];
      if (oldest !== undefined) this.#going.delete(oldest);
    }
    return story;
  }

  end(story: Story): void {
    this.#going.delete(story);
  }

  has(story: Story): boolean {
    return this.#going.has(story);
  }

  values(): IterableIterator<Story> {
    return this.#going.values();
  }

  get size(): number {
    return this.#going.size;
  }

  /** The last one that had this key; it may have ended. */
  at(key: string): Story | undefined {
    return this.#byKey.get(key);
  }

  own(story: Story, key: string): void {
    story.keys.add(key);
    this.#byKey.set(key, story);
  }

  /** The one that this signal is a step of; it may have ended. */
  of(signal: string): Story | undefined {
    return this.#bySignal.get(signal);
  }

  note(signal: string, story: Story): void {
    this.#bySignal.set(signal, story);
  }

  /** Whether what happens now can still belong to it. */
  joins(story: Story, { at, heard }: Moment): boolean {
    if (!this.has(story) || story.isClosed()) return false;
    const { windowMs } = this.#options;
    if (at >= story.firstAt - windowMs && at <= story.lastAt + windowMs) return true;
    // The wall clock was set between the two: what is told by the other one still belongs together.
    return heard !== undefined && story.lastHeard !== undefined && heard - story.lastHeard <= windowMs;
  }

  /** Makes them one. An incident that is one no more is added to `merged`, closed and empty. */
  unite(found: Story[], merged: Incident[]): Story | undefined {
    // The oldest incident keeps its name; a story that is none yet gives way.
    const [first, ...others] = found.sort((left, right) => {
      if ((left.id === undefined) !== (right.id === undefined)) return left.id === undefined ? 1 : -1;
      return left.firstAt - right.firstAt;
    });
    if (first === undefined) return undefined;
    for (const other of others) {
      if (first.workloads.size + other.workloads.size > maxWorkloads) continue;
      first.absorb(other);
      this.#going.delete(other);
      this.waiting.delete(other);
      if (first.unresolved.length > 0) this.waiting.add(first);
      for (const key of other.keys) this.own(first, key);
      for (const id of other.signals.keys()) this.note(id, first);
      if (other.id !== undefined && first.id !== undefined) {
        const { layers: _layers, ...rest } = other.incident(this.#options.threshold);
        const title = `merged into ${first.id}`;
        merged.push({ ...rest, layers: [], tactics: [], state: 'closed', title, signals: [], links: [] });
      }
    }
    return first;
  }
}
