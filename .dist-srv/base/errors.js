/**
 * Base of the one error class each module declares.
 *
 * @example
 * class StoreError extends TricordonError<'store-unreachable' | 'store-locked'> {
 *   override readonly name = 'StoreError';
 * }
 * throw new StoreError('store-locked', 'another process holds `/var/lib/tricordon`', { hint: 'run `tricordon down`' });
 */
export class TricordonError extends Error {
    name = 'TricordonError';
    code;
    hint;
    constructor(code, message, detail = {}) {
        super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
        this.code = code;
        this.hint = detail.hint;
    }
}
/** The message of anything that was thrown, on one line and bounded, safe to print. */
export function messageOf(thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return printable(text, 2_000);
}
/** The `errno` style code of a Node error (`ENOENT`), or our own code, or undefined. */
export function codeOf(thrown) {
    if (typeof thrown !== 'object' || thrown === null || !('code' in thrown))
        return undefined;
    return typeof thrown.code === 'string' ? thrown.code : undefined;
}
/**
 * Makes hostile text fit for a terminal, a log line or a table cell: control characters (C0, DEL, C1), bidirectional
 * overrides and line separators become `\xNN` or `\u{NNNN}`, and the length is bounded in UTF-16 units.
 */
export function printable(text, limit = 512) {
    const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
    return cut.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, (char) => {
        const point = char.charCodeAt(0);
        return point < 256 ? `\\x${point.toString(16).padStart(2, '0')}` : `\\u{${point.toString(16)}}`;
    });
}
