/**
 * The one canonicalisation of request paths (RFC 3986 section 6.2.2), shared by gateway, sidecar, learner and
 * decision. INVARIANT: what is ambiguous is refused, never repaired: two servers must not read one path differently.
 */
const allowed = /^[A-Za-z0-9\-._~!$&'()*+,=:@/%]*$/;
const queryAllowed = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]|{}^`"<>\\]*$/;
/**
 * Takes an origin-form request target (RFC 9112 section 3.2.1). Percent-encoded unreserved characters are decoded
 * (`%41` is `A`), other escapes are kept with upper-case hex. Refused: dot segments, `//`, `;` parameters, `\`,
 * encoded `/`, `\`, `.` in dot segments, NUL, `%` (double encoding), overlong or invalid UTF-8, raw non-ASCII.
 */
export function canonicalPath(target) {
    if (target.length > 8_192)
        return refused('longer than 8192 bytes');
    const mark = target.indexOf('?');
    const raw = mark < 0 ? target : target.slice(0, mark);
    const query = mark < 0 ? '' : target.slice(mark + 1);
    if (!raw.startsWith('/'))
        return refused('not origin form');
    if (raw.includes(';'))
        return refused('path parameter');
    if (!allowed.test(raw))
        return refused('character not allowed in a path');
    if (!queryAllowed.test(query))
        return refused('character not allowed in a query');
    const path = raw.includes('%') ? decodeUnreserved(raw) : raw;
    if (typeof path !== 'string')
        return path;
    if (path.includes('//'))
        return refused('empty segment');
    for (const part of path.split('/'))
        if (part === '.' || part === '..')
            return refused('dot segment');
    return { kind: 'ok', path, query };
}
function decodeUnreserved(raw) {
    let path = '';
    const bytes = [];
    for (let index = 0; index < raw.length; index += 1) {
        const char = raw.charAt(index);
        if (char !== '%') {
            if (!flush())
                return refused('invalid UTF-8');
            path += char;
            continue;
        }
        const hex = raw.slice(index + 1, index + 3);
        if (!/^[0-9A-Fa-f]{2}$/.test(hex))
            return refused('broken percent-encoding');
        index += 2;
        const byte = Number.parseInt(hex, 16);
        if (byte === 0x2f || byte === 0x5c || byte === 0x25 || byte === 0x3b)
            return refused('encoded separator');
        if (byte < 0x20 || byte === 0x7f)
            return refused('encoded control character');
        if (byte >= 0x80) {
            bytes.push(byte);
            continue;
        }
        if (!flush())
            return refused('invalid UTF-8');
        const decoded = String.fromCharCode(byte);
        path += /[A-Za-z0-9\-._~]/.test(decoded) ? decoded : `%${hex.toUpperCase()}`;
    }
    if (!flush())
        return refused('invalid UTF-8');
    return path;
    function flush() {
        if (bytes.length === 0)
            return true;
        try {
            new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
        }
        catch {
            return false;
        }
        path += bytes.map((byte) => `%${byte.toString(16).toUpperCase()}`).join('');
        bytes.length = 0;
        return true;
    }
}
function refused(reason) {
    return { kind: 'refused', reason };
}
