/** From paths seen to path templates: which segments are names and which are values. */
import { isOfType, parameterTypes } from '../compile/path-template.js';
/** Words that name an operation beside identifiers; never taken for a value. */
const verbs = new Set('me self new search export import health healthz ready readyz live metrics status count latest list all batch bulk login logout'.split(' '));
/** So many sibling words with the same shape below are values, not names. */
const manyWords = 12;
/** The template of every given canonical path. The same paths in any order give the same templates. */
export function templatesOf(paths) {
    const root = { children: new Map(), ends: new Set() };
    for (const path of [...paths].sort()) {
        let at = root;
        for (const part of path.slice(1).split('/'))
            at = child(at, part);
        at.ends.add(path);
    }
    const templates = new Map();
    emit(root, '', 0, templates);
    return templates;
}
function emit(node, prefix, parameters, templates) {
    for (const path of node.ends)
        templates.set(path, prefix);
    const values = valuesAmong(node);
    for (const [text, each] of node.children) {
        if (!values.includes(text))
            emit(each, `${prefix}/${text}`, parameters, templates);
    }
    if (values.length === 0)
        return;
    const merged = { children: new Map(), ends: new Set() };
    for (const text of values) {
        const each = node.children.get(text);
        if (each !== undefined)
            mergeInto(merged, each);
    }
    const name = parameters === 0 ? 'id' : `id${parameters + 1}`;
    emit(merged, `${prefix}/{${name}:${typeOf(values)}}`, parameters + 1, templates);
}
/** The children that are values of one parameter; empty when all are names. */
function valuesAmong(node) {
    const texts = [...node.children.keys()].filter((text) => text !== '' && !verbs.has(text));
    const values = texts.filter(looksLikeValue);
    const rest = texts.filter((text) => !looksLikeValue(text));
    const sure = values.some((text) => isOfType('uuid', text) || isOfType('date', text) || text.length >= 16);
    const numbers = values.filter((text) => isOfType('int', text)).length;
    const found = sure || numbers >= 2 || values.length >= 3 ? values : values.filter((text) => unwritable(text));
    const words = rest.length >= manyWords && sameShape(node, rest) ? rest : [];
    return [...found, ...words].sort();
}
/** Has a digit that is not a version's, or a character no one puts in a route. */
function looksLikeValue(text) {
    return (/[0-9]/.test(text) && !/^v[0-9]{1,3}$/.test(text)) || unwritable(text) || text.length > 40;
}
/** Cannot stand literally in a template (`*`), or is plainly data. */
function unwritable(text) {
    return /[*%@{}]/.test(text);
}
function typeOf(values) {
    return parameterTypes.find((type) => values.every((text) => isOfType(type, text))) ?? 'opaque';
}
function sameShape(node, texts) {
    const shapes = new Set(texts.map((text) => {
        const each = node.children.get(text);
        return each === undefined ? '' : `${each.ends.size > 0} ${[...each.children.keys()].sort().join('/')}`;
    }));
    return shapes.size === 1;
}
function mergeInto(into, from) {
    for (const path of from.ends)
        into.ends.add(path);
    for (const [text, each] of from.children)
        mergeInto(child(into, text), each);
}
function child(node, text) {
    const known = node.children.get(text);
    if (known !== undefined)
        return known;
    const made = { children: new Map(), ends: new Set() };
    node.children.set(text, made);
    return made;
}
