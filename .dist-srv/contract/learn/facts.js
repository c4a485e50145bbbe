const maxPerKind = 20_000;
const maxCallers = 16;
export class Facts {
    #facts = new Map();
    overflow = 0;
    add(key, value, caller, observation) {
        const seen = {
            firstSeen: observation.at,
            lastSeen: observation.at,
            count: 1,
            callers: caller === undefined ? [] : [caller],
            sample: observation.id,
        };
        const known = this.#facts.get(key);
        if (known !== undefined)
            known.evidence = joinEvidence([known.evidence, seen]);
        else if (this.#facts.size >= maxPerKind)
            this.overflow += 1;
        else
            this.#facts.set(key, { value, evidence: seen });
    }
    /** Takes back what was first seen at or after a time. */
    forgetSince(at) {
        for (const [key, fact] of this.#facts)
            if (fact.evidence.firstSeen >= at)
                this.#facts.delete(key);
    }
    /** In a stable order, whatever order they came in. */
    sorted() {
        return [...this.#facts.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, fact]) => fact);
    }
    get size() {
        return this.#facts.size;
    }
}
export function joinEvidence(list) {
    const byTime = [...list].sort((left, right) => left.firstSeen - right.firstSeen || (left.sample < right.sample ? -1 : 1));
    return {
        firstSeen: Math.min(...list.map((each) => each.firstSeen)),
        lastSeen: Math.max(...list.map((each) => each.lastSeen)),
        count: list.reduce((sum, each) => sum + each.count, 0),
        callers: [...new Set(list.flatMap((each) => each.callers))].sort().slice(0, maxCallers),
        sample: byTime[0]?.sample ?? '',
    };
}
