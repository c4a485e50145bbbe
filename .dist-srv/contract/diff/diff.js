/** What a new version of a contract adds and takes away, in sentences a reviewer can say yes or no to. */
import { printable } from '../../base/index.js';
import { layers } from '../../model/index.js';
import { canonicalJson } from '../digest.js';
import { peerText } from '../compile/peers.js';
import { covers, rightsOf } from './rights.js';
/**
 * Compares what two contracts allow, not how they say it: a clause that is renamed, split or reordered is no change.
 * `old` null is a service that had no contract and so no right at all.
 */
export function diffContracts(old, next) {
    const before = old === null ? [] : rightsOf(old);
    const after = rightsOf(next);
    const added = after.filter((right) => !before.some((known) => covers(known, right)));
    const removed = before.filter((right) => !after.some((known) => covers(known, right)));
    return {
        service: next.service,
        added: added.map((right) => rightChange('added', right)),
        removed: removed.map((right) => rightChange('removed', right)),
        denies: [
            ...denyChanges('added', next.deny ?? [], old?.deny ?? []),
            ...denyChanges('removed', old?.deny ?? [], next.deny ?? []),
        ],
        modes: layers.flatMap((layer) => {
            const from = old?.mode[layer] ?? null;
            const to = next.mode[layer];
            return from === to ? [] : [{ layer, from, to }];
        }),
        unchanged: after.length - added.length,
    };
}
/** True when nothing changes: same rights, same denies, same modes. */
export function isEmptyDiff(diff) {
    return diff.added.length + diff.removed.length + diff.denies.length + diff.modes.length === 0;
}
/** The diff as table rows: sign, layer, clause, right, example. `+` adds a right, `-` takes one, `~` changes a mode. */
export function diffRows(diff) {
    return [
        ...diff.modes.map(({ layer, from, to }) => {
            const text = from === null ? `${layer} is held in mode ${to}` : `${layer} goes from ${from} to ${to}`;
            return ['~', layer, '-', text, modeMeaning[to]];
        }),
        ...diff.added.map((row) => ['+', row.layer, row.clause, row.right, row.example]),
        ...diff.removed.map((row) => ['-', row.layer, row.clause, row.right, row.example]),
        ...diff.denies.map((row) => {
            return [row.change === 'added' ? '-' : '+', row.layer, row.clause, row.right, row.example];
        }),
    ];
}
const modeMeaning = {
    off: 'not held',
    learn: 'deviations pass and teach',
    audit: 'deviations pass and are reported',
    enforce: 'deviations are refused',
};
function rightChange(change, right) {
    return { change, layer: right.layer, clause: right.clause, right: right.sentence, example: right.example };
}
function denyChanges(change, these, those) {
    const meaning = ({ id: _id, ...rest }) => canonicalJson(rest);
    const known = new Set(those.map(meaning));
    return these
        .filter((deny) => !known.has(meaning(deny)))
        .map((deny) => {
        const what = printable(denyText(deny), 1_024);
        const right = change === 'added' ? `forbids ${what}` : `no longer forbids ${what}`;
        return { change, layer: deny.layer, clause: deny.id, right, example: what };
    });
}
function denyText(deny) {
    switch (deny.layer) {
        case 'runtime': {
            const parts = [
                ...(deny.executable === undefined ? [] : [`starting ${deny.executable}`]),
                ...(deny.file === undefined ? [] : [`opening ${deny.file}`]),
            ];
            return parts.join(' and ') || 'nothing';
        }
        case 'network':
            return `connecting to ${peerText(deny.to)}${deny.ports === undefined ? '' : ` on ${deny.ports.join(', ')}`}`;
        case 'api': {
            const who = deny.from === undefined ? 'anyone' : deny.from.map(peerText).join(' or ');
            return `${deny.methods?.join(' or ') ?? 'any method'} ${deny.path} by ${who}`;
        }
        default:
            return deny;
    }
}
