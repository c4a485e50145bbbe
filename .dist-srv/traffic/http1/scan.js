import { limits } from './refusal.js';
/** The head is not complete; more bytes are needed. */
export const incomplete = -1;
export const bareCr = -2;
export const bareLf = -3;
export const controlCharacter = -4;
export const tooLarge = -5;
/**
 * Finds the end of a head (the index after CRLF CRLF) and refuses the first byte that must not stand in one: CR or LF
 * alone, NUL and other controls (RFC 9110 section 5.5, RFC 9112 section 2.2). `from` is where an earlier call stopped: the
 * answer does not depend on how the bytes were cut into segments.
 *
 * @param start index of the head's first byte
 * @param from index to go on from; at least `start`; every byte before it was scanned
 * @returns the end, or one of the negative constants
 */
export function scanHead(bytes, start, from, end) {
    const bound = start + limits.head < end ? start + limits.head : end;
    for (let at = from; at < bound; at += 1) {
        const byte = bytes[at] ?? 0;
        if (byte >= 0x20 ? byte !== 0x7f : byte === 0x09)
            continue;
        if (byte !== 0x0d)
            return byte === 0x0a ? bareLf : controlCharacter;
        if (at + 1 >= end)
            return incomplete;
        if (bytes[at + 1] !== 0x0a)
            return bareCr;
        if (at >= start + 2 && bytes[at - 1] === 0x0a && bytes[at - 2] === 0x0d) {
            return at + 2 - start > limits.head ? tooLarge : at + 2;
        }
        at += 1;
    }
    return end - start >= limits.head ? tooLarge : incomplete;
}
/** Where a later call may go on after `incomplete`: a CR at the very end must be looked at again. */
export function resumeAt(bytes, start, end) {
    return end > start && bytes[end - 1] === 0x0d ? end - 1 : end;
}
