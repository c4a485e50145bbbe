/** "What would have let it pass": the allow clause that failed the fewest predicates. */
import { printable } from '../../base/index.js';
/**
 * `grade` looks at every clause, so it must be cheap: refused requests are what an attacker can send most of. Only the
 * nearest clause is then described. `fallback` is the reason when there is no clause at all; the first of equals wins.
 */
export function nearestMiss(entries, grade, describe, fallback) {
    let best;
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < entries.length; index += 1) {
        const entry = entries[index];
        if (entry === undefined)
            continue;
        const value = grade(entry);
        if (value >= least)
            continue;
        least = value;
        best = entry;
    }
    if (best === undefined)
        return { reason: fallback, miss: undefined };
    const failed = describe(best).filter((predicate) => !predicate.holds);
    return {
        reason: failed[0]?.reason ?? fallback,
        miss: {
            clause: best.id,
            failed: failed.map(({ name, wanted, got }) => ({
                predicate: name,
                wanted: printable(wanted, 256),
                got: printable(got, 256),
            })),
        },
    };
}
/**
 * Less is nearer: fewer failures first; among equals holding an earlier predicate (they are given most telling first);
 * then the closeness, of which 63 and more count the same.
 */
export function gradeOf(first, second, third, closeness) {
    const failures = (first ? 0 : 1) + (second ? 0 : 1) + (third ? 0 : 1);
    const order = (first ? 0 : 4) + (second ? 0 : 2) + (third ? 0 : 1);
    return failures * 512 + order * 64 + 63 - Math.min(63, closeness);
}
