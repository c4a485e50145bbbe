/** "Did you mean": the known name closest to a mistyped one, when it is close enough to be a slip. */
export function nearestName(given, known) {
    let best;
    let least = Math.max(1, Math.floor(given.length / 3)) + 1;
    for (const name of known) {
        const steps = distance(given.slice(0, 64).toLowerCase(), name.toLowerCase());
        if (steps < least) {
            best = name;
            least = steps;
        }
    }
    return best;
}
/** Levenshtein distance, one row at a time. */
function distance(left, right) {
    let row = Array.from({ length: right.length + 1 }, (_, index) => index);
    for (let at = 1; at <= left.length; at += 1) {
        const next = [at];
        for (let index = 1; index <= right.length; index += 1) {
            const same = left.charAt(at - 1) === right.charAt(index - 1) ? 0 : 1;
            next.push(Math.min((row[index] ?? 0) + 1, (next[index - 1] ?? 0) + 1, (row[index - 1] ?? 0) + same));
        }
        row = next;
    }
    return row.at(-1) ?? 0;
}
