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
    const { at, id: sample } = observation;
    const known = this.#facts.get(key);
    if (known !== undefined) known.evidence = seenAgain(known.evidence, at, caller, sample);
    else if (this.#facts.size >= maxPerKind) this.overflow += 1;
    else {
      const callers = caller === undefined ? [] : [caller];
      this.#facts.set(key, { value, evidence: { firstSeen: at, lastSeen: at, count: 1, callers, sample } });
    }
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

/** As `joinEvidence` with one observation more: most observations say again what is known. */
function seenAgain(known: Evidence, at: number, caller: string | undefined, sample: string): Evidence {
  const { firstSeen, lastSeen, callers } = known;
  const isFirst = at < firstSeen || (at === firstSeen && sample < known.sample);
  return {
    firstSeen: Math.min(firstSeen, at),
    lastSeen: Math.max(lastSeen, at),
    count: known.count + 1,
    callers: caller === undefined || callers.includes(caller) ? callers : joinCallers([...callers, caller]),
    sample: isFirst ? sample : known.sample,
  };
}

export function joinEvidence(list: readonly Evidence[]): Evidence {
  const byTime = [...list].sort(
    (left, right) => left.firstSeen - right.firstSeen || (left.sample < right.sample ? -1 : 1),
  );
  return {
    firstSeen: Math.min(...list.map((each) => each.firstSeen)),
    lastSeen: Math.max(...list.map((each) => each.lastSeen)),
    count: list.reduce((sum, each) => sum + each.count, 0),
    callers: joinCallers(list.flatMap((each) => each.callers)),
    sample: byTime[0]?.sample ?? '',
  };
}

function joinCallers(callers: readonly string[]): readonly string[] {
  return [...new Set(callers)].sort().slice(0, maxCallers);
}
