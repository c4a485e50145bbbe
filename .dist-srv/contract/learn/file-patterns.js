/** From files seen to file patterns: numbers, hashes and crowded folders become `*`, credentials stay by name. */
import { isAboveCredentials, isCredentialPath } from '../credential-paths.js';
/** So many files (folders) in one folder, and they stand for all files (everything) in it. */
const manyFiles = 32;
const manyFolders = 16;
/** So many siblings that are plain numbers, and the number is a value. */
const manyNumbers = 3;
/**
 * The pattern of every given plain absolute path. A credential (see `isCredentialPath`) is only ever listed by its own
 * name, and no pattern stands where it would take one in that everyone has (`/etc`, `/root`, `/home`, `/run`).
 */
export function filePatternsOf(paths) {
    const patterns = new Map();
    const root = { children: new Map(), ends: new Set() };
    for (const path of [...paths].sort()) {
        // A star in a file's name would be read as a pattern; such a file cannot be said, only refused.
        if (path.includes('*') || path.length > 1_024)
            continue;
        if (isCredentialPath(path)) {
            patterns.set(path, path);
            continue;
        }
        let at = root;
        for (const part of path.slice(1).split('/'))
            at = child(at, part);
        at.ends.add(path);
    }
    emit(root, '', patterns);
    return patterns;
}
function emit(node, folder, patterns) {
    for (const path of node.ends)
        patterns.set(path, folder === '' ? '/' : folder);
    const open = !isAboveCredentials(folder);
    const folders = [...node.children.values()].filter((each) => each.children.size > 0).length;
    const files = [...node.children.values()].filter((each) => each.children.size === 0).length;
    if (open && folders > manyFolders) {
        for (const path of endsBelow(node))
            if (!node.ends.has(path))
                patterns.set(path, `${folder}/**`);
        return;
    }
    const groups = new Map();
    const numbers = [...node.children.keys()].filter((text) => /^[0-9]+$/.test(text)).length;
    for (const [text, each] of node.children) {
        const leaf = each.children.size === 0;
        const crowd = open && leaf && files > manyFiles;
        const value = volatile(text, folder) || (open && numbers >= manyNumbers && /^[0-9]+$/.test(text));
        const pattern = crowd || value ? '*' : temporary(text, folder);
        const group = groups.get(pattern) ?? { children: new Map(), ends: new Set() };
        groups.set(pattern, group);
        mergeInto(group, each);
    }
    for (const [pattern, each] of groups)
        emit(each, `${folder}/${pattern}`, patterns);
}
/** A name that is different every time: a process number, a UUID, a hash. */
function volatile(text, folder) {
    if (folder === '/proc' || /^\/proc\/[^/]+\/(?:task|fd)$/.test(folder))
        return /^[0-9]+$/.test(text);
    if (isAboveCredentials(folder))
        return false;
    return (/^[0-9a-f]{16,}$/i.test(text) ||
        /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text) ||
        /^[0-9]{6,}$/.test(text));
}
/** Names made by mkstemp and its like keep their stem: `/tmp/npm-x7Yb2Q` is `/tmp/npm-*`. */
function temporary(text, folder) {
    if (!/^\/(?:tmp|var\/tmp|dev\/shm)(?:\/|$)/.test(folder))
        return text;
    const random = /^(.*?[-_.])(?:[A-Za-z0-9]{6,}|[0-9]+)$/.exec(text);
    return random?.[1] === undefined || !/[0-9A-Z]/.test(text.slice(random[1].length)) ? text : `${random[1]}*`;
}
function* endsBelow(node) {
    yield* node.ends;
    for (const each of node.children.values())
        yield* endsBelow(each);
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
