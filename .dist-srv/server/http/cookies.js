/** The few rules of RFC 6265 that one session cookie needs. */
/**
 * `__Host-` (RFC 6265bis section 4.1.3.2) binds the cookie to this origin: Secure, Path=/ and no Domain are checked by
 * the browser.
 */
export const sessionCookie = '__Host-tricordon';
/** The value of one cookie; undefined when absent, doubled (someone injected a second one) or oversized. */
export function readCookie(header, name) {
    if (header === undefined || header.length > 8_192)
        return undefined;
    const found = header
        .split(';')
        .map((part) => part.trim())
        .filter((part) => part.startsWith(`${name}=`));
    if (found.length !== 1)
        return undefined;
    const value = (found[0] ?? '').slice(name.length + 1);
    return /^[A-Za-z0-9_-]{1,256}$/.test(value) ? value : undefined;
}
export function writeCookie(name, value, maxAgeSeconds) {
    return `${name}=${value}; Path=/; Max-Age=${Math.floor(maxAgeSeconds)}; HttpOnly; Secure; SameSite=Strict`;
}
