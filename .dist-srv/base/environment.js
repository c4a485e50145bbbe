/** The only reader of `process.env`. */
export function environment(name) {
    const value = process.env[name];
    return value === undefined || value === '' ? undefined : value;
}
/** The variables a child may inherit: never credentials, never our own settings. */
export function minimalEnvironment(extra = {}) {
    const kept = {};
    for (const name of ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'TMPDIR', 'NO_COLOR']) {
        const value = environment(name);
        if (value !== undefined)
            kept[name] = value;
    }
    kept['PATH'] ??= '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    return { ...kept, ...extra };
}
/** A copy of the whole environment, for a user's own command that we only wrap. */
export function inheritedEnvironment() {
    const all = {};
    for (const [name, value] of Object.entries(process.env))
        if (value !== undefined)
            all[name] = value;
    return all;
}
/** All variables whose name starts with `prefix`; the prefix is cut off. */
export function environmentEntries(prefix) {
    const found = [];
    for (const [name, value] of Object.entries(process.env)) {
        if (name.startsWith(prefix) && value !== undefined)
            found.push([name.slice(prefix.length), value]);
    }
    return found;
}
