/** What the observations of one service say, each different thing once. Bounded: what does not fit is counted. */
import type { Observation } from '../../model/index.js';

const maxPerKind = 20_000;
const maxCallers = 16;

export interface Evidence {
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly count: number;
  /** Services (or `public`) on the other side; for the runtime layer the workloads it was seen in. At most 16. */
  readonly callers: readonly string[];
  /** One observation's id as an example. */
  readonly sample: string;
}

/** What one clause rests on. */
export interface ClauseEvidence extends Evidence {
  /** That observation in words, escaped and bounded. */
  readonly sampleText: string;
}

export interface Fact<T> {
  readonly value: T;
  evidence: Evidence;
}

export class Facts<T> {
  readonly #facts = new Map<string, Fact<T>>();
  overflow = 0;

  add(key: string, value: T, caller: string | undefined, observation: Observation): void {
    const seen: Evidence = {
      firstSeen: observation.at,
      lastSeen: observation.at,
      count: 1,
      callers: caller === undefined ? [] : [caller],
      sample: observation.id,
    };
    const known = this.#facts.get(key);
    if (known !== undefined) known.evidence = joinEvidence([known.evidence, seen]);
    else if (this.#facts.size >= maxPerKind) this.overflow += 1;
    else this.#facts.set(key, { value, evidence: seen });
  }

  /** Takes back what was first seen at or after a time. */
  forgetSince(at: number): void {
    for (const [key, fact] of this.#facts) if (fact.evidence.firstSeen >= at) this.#facts.delete(key);
  }

  /** In a stable order, whatever order they came in. */
  sorted(): readonly Fact<T>[] {
    return [...this.#facts.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, fact]) => fact);
  }

  get size(): number {
    return this.#facts.size;
  }
}

export function joinEvidence(list: readonly Evidence[]): Evidence {
  const byTime = [...list].sort(
    (left, right) => left.firstSeen - right.firstSeen || (left.sample < right.sample ? -1 : 1),
  );
  return {
    firstSeen: Math.min(...list.map((each) => each.firstSeen)),
    lastSeen: Math.max(...list.map((each) => each.lastSeen)),
    count: list.reduce((sum, each) => sum + each.count, 0),
    callers: [...new Set(list.flatMap((each) => each.callers))].sort().slice(0, maxCallers),
    sample: byTime[0]?.sample ?? '',
  };
}
