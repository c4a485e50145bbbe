/** What both request and response heads share: field names, numbers, and what a proxy does with each field. */
const token = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
    token[char.charCodeAt(0)] = 1;
}
/** True if `text[from..to)` is a token (RFC 9110 section 5.6.2): at least one character. */
export function isToken(text, from, to) {
    if (to <= from)
        return false;
    for (let at = from; at < to; at += 1)
        if (token[text.charCodeAt(at)] !== 1)
            return false;
    return true;
}
/** The value without optional white space around it (RFC 9112 section 5). */
export function fieldValue(text, from, to) {
    let first = from;
    let last = to;
    while (first < last && isBlank(text.charCodeAt(first)))
        first += 1;
    while (last > first && isBlank(text.charCodeAt(last - 1)))
        last -= 1;
    return text.slice(first, last);
}
export function isBlank(code) {
    return code === 0x20 || code === 0x09;
}
/** Digits only and within exact integers (RFC 9110 section 8.6); -1 otherwise. A list, even of equals, is refused. */
export function contentLength(value) {
    if (value.length === 0 || value.length > 15)
        return -1;
    for (let at = 0; at < value.length; at += 1) {
        const code = value.charCodeAt(at);
        if (code < 0x30 || code > 0x39)
            return -1;
    }
    return Number(value);
}
/** Lower-case members of a comma-separated list of tokens, or undefined if it is none. */
export function tokenList(value) {
    const members = [];
    for (const part of value.split(',')) {
        const member = fieldValue(part, 0, part.length);
        if (member === '')
            continue;
        if (!isToken(member, 0, member.length))
            return undefined;
        members.push(member.toLowerCase());
    }
    return members;
}
/** Host as in RFC 9110 section 7.2: a name or address, with an optional port; no user info, no path, no list. */
export function isHost(value) {
    return /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/.test(value);
}
/**
 * A request may not make a proxy drop these by naming them in `Connection` (RFC 9110 section 7.6.1): what the callee
 * reads must be what was decided on.
 */
export const neverHopByHop = new Set([
    'host',
    'content-length',
    'content-type',
    'transfer-encoding',
    'authorization',
    'cookie',
    'traceparent',
    'tracestate',
    'x-request-id',
    'expect',
    'date',
    'set-cookie',
]);
