/** The one sentence an incident is known by. */
import { printable } from '../../base/index.js';
import { gatewayService } from '../../contract/index.js';
import { contextRule } from './score.js';
/**
 * @example
 * titleOf(signals, parts);
 * // 'catalog was taken over through POST /products/import and tried to reach payments'
 */
export function titleOf(signals, parts) {
    const own = signals.filter((signal) => signal.rule !== contextRule);
    const subject = subjectOf(own);
    const through = throughOf(parts.causes);
    const executed = own.some((signal) => signal.layer === 'runtime' && takeover.has(signal.tactic));
    const verb = executed ? 'was taken over' : 'left its contract';
    const [got, tried] = [true, false].map((wanted) => [...parts.reached].filter(([name, reached]) => reached === wanted && name !== subject).map(([name]) => name));
    const ends = [
        ...(got === undefined || got.length === 0 ? [] : [`reached ${list(got)}`]),
        ...(tried === undefined || tried.length === 0 ? [] : [`tried to reach ${list(tried)}`]),
    ];
    const text = `${subject} ${verb}${through === undefined ? '' : ` through ${through}`}${ends.map((end) => ` and ${end}`).join('')}`;
    return printable(text, 400);
}
const takeover = new Set(['TA0002', 'TA0003', 'TA0004', 'TA0005', 'TA0011']);
/** The service that did it: the one with the first telling runtime signal, else with the first signal. */
function subjectOf(signals) {
    const ordered = [...signals].sort((left, right) => left.at - right.at);
    const actor = ordered.find((signal) => signal.layer === 'runtime') ?? ordered[0];
    return actor?.service ?? actor?.workload ?? actor?.host ?? 'a workload';
}
/** The outermost request: through the gateway if one came that way. */
function throughOf(causes) {
    const outermost = causes.find((cause) => cause.event.peer === gatewayService) ?? causes.at(-1);
    return outermost === undefined ? undefined : `${outermost.event.method} ${outermost.event.path}`;
}
function list(names) {
    const some = names.slice(0, 3);
    const rest = names.length - some.length;
    const all = rest > 0 ? [...some, `${rest} more`] : some;
    return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} and ${all.at(-1) ?? ''}`;
}
