/** Finds the clauses of a method and path: a map for literal paths, a segment trie for the rest. */
import { isOfType, parameterTypes } from './path-template.js';
/**
 * Entries by path template. `find` visits matches from the most literal to the least (segment by segment from the
 * left: literal, then narrow to wide parameter types, then `**`) and stops at the first that `accept` takes. Every
 * trie node is visited at most once, so a hostile path costs at most the size of the table.
 */
export class PathTable {
    #literal = new Map();
    #root = node();
    #templated = false;
    add(segments, template, entry) {
        if (segments.every((segment) => segment.kind === 'literal')) {
            const list = this.#literal.get(template);
            if (list === undefined)
                this.#literal.set(template, [entry]);
            else
                list.push(entry);
            return;
        }
        this.#templated = true;
        let at = this.#root;
        for (const segment of segments) {
            if (segment.kind === 'rest') {
                at.rest.push(entry);
                return;
            }
            at = segment.kind === 'literal' ? literalChild(at, segment.text) : parameterChild(at, segment.type);
        }
        at.here.push(entry);
    }
    find(path, accept, context) {
        const literal = this.#literal.get(path);
        if (literal !== undefined) {
            const found = first(literal, accept, context);
            if (found !== undefined)
                return found;
        }
        return this.#templated ? walk(this.#root, path, 1, accept, context) : undefined;
    }
}
/** `from` is the index after the slash that opens the next segment; one past the end plus one when none is left. */
function walk(at, path, from, accept, context) {
    if (from > path.length) {
        return first(at.here, accept, context) ?? first(at.rest, accept, context);
    }
    const slash = path.indexOf('/', from);
    const end = slash < 0 ? path.length : slash;
    const text = path.slice(from, end);
    const literal = at.literals.get(text);
    if (literal !== undefined) {
        const found = walk(literal, path, end + 1, accept, context);
        if (found !== undefined)
            return found;
    }
    for (let rank = 0; rank < at.parameters.length; rank += 1) {
        const child = at.parameters[rank];
        const type = parameterTypes[rank];
        if (child === undefined || type === undefined || !isOfType(type, text))
            continue;
        const found = walk(child, path, end + 1, accept, context);
        if (found !== undefined)
            return found;
    }
    return first(at.rest, accept, context);
}
function first(entries, accept, context) {
    for (let index = 0; index < entries.length; index += 1) {
        const entry = entries[index];
        if (entry !== undefined && accept(entry, context))
            return entry;
    }
    return undefined;
}
function literalChild(at, text) {
    const known = at.literals.get(text);
    if (known !== undefined)
        return known;
    const made = node();
    at.literals.set(text, made);
    return made;
}
function parameterChild(at, type) {
    const rank = parameterTypes.indexOf(type);
    const known = at.parameters[rank];
    if (known !== undefined)
        return known;
    const made = node();
    at.parameters[rank] = made;
    return made;
}
function node() {
    return { literals: new Map(), parameters: parameterTypes.map(() => undefined), here: [], rest: [] };
}
