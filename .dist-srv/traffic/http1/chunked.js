import { isToken } from './fields.js';
import { limits } from './refusal.js';
/**
 * Validates a chunked body (RFC 9112 section 7.1) that is passed on byte for byte. One per body.
 *
 * @example
 * const reader = new ChunkedReader();
 * const stop = reader.read(bytes, 0, bytes.length); // index after the last byte that belongs to the body
 * if (reader.refusal !== undefined) close(); else if (reader.done) next(stop);
 */
export class ChunkedReader {
    done = false;
    refusal;
    #state = 'size';
    #left = 0;
    #digits = 0;
    #extension = 0;
    #line = '';
    #trailers = 0;
    /** Consumes `bytes[from..to)`; returns the index after the last consumed byte. */
    read(bytes, from, to) {
        let at = from;
        while (at < to && !this.done && this.refusal === undefined) {
            if (this.#state === 'data') {
                const taken = Math.min(this.#left, to - at);
                this.#left -= taken;
                at += taken;
                if (this.#left === 0)
                    this.#state = 'data-cr';
                continue;
            }
            this.refusal = this.#take(bytes[at] ?? 0);
            at += 1;
        }
        return at;
    }
    #take(byte) {
        switch (this.#state) {
            case 'size': {
                const digit = hexDigit(byte);
                if (digit >= 0) {
                    this.#digits += 1;
                    // 12 digits are 256 TiB: well inside exact integers, and leading zeros are bounded too.
                    if (this.#digits > 12)
                        return 'chunk-size';
                    this.#left = this.#left * 16 + digit;
                    return undefined;
                }
                if (this.#digits === 0)
                    return 'chunk-size';
                if (byte === 0x0d)
                    this.#state = 'size-lf';
                else if (byte === 0x3b)
                    this.#state = 'extension';
                else
                    return 'chunk-size';
                return undefined;
            }
            case 'extension':
                this.#extension += 1;
                if (this.#extension > limits.chunkExtension)
                    return 'chunk-extension';
                if (byte === 0x0d)
                    this.#state = 'size-lf';
                else if (byte !== 0x09 && (byte < 0x20 || byte > 0x7e))
                    return 'chunk-extension';
                return undefined;
            case 'size-lf':
                if (byte !== 0x0a)
                    return 'chunk-end';
                this.#digits = 0;
                this.#extension = 0;
                this.#state = this.#left === 0 ? 'trailer' : 'data';
                return undefined;
            case 'data-cr':
                if (byte !== 0x0d)
                    return 'chunk-end';
                this.#state = 'data-lf';
                return undefined;
            case 'data-lf':
                if (byte !== 0x0a)
                    return 'chunk-end';
                this.#state = 'size';
                return undefined;
            case 'trailer':
                this.#trailers += 1;
                if (this.#trailers > limits.trailers)
                    return 'trailer';
                if (byte === 0x0d)
                    this.#state = 'trailer-lf';
                else if (byte === 0x09 || (byte >= 0x20 && byte !== 0x7f))
                    this.#line += String.fromCharCode(byte);
                else
                    return 'trailer';
                return undefined;
            case 'trailer-lf':
                if (byte !== 0x0a)
                    return 'trailer';
                if (this.#line === '') {
                    this.done = true;
                    return undefined;
                }
                if (!trailerAllowed(this.#line))
                    return 'trailer';
                this.#line = '';
                this.#state = 'trailer';
                return undefined;
            default:
                return 'chunk-end';
        }
    }
}
/** Fields that frame, route or identify must not come after the decision was made (RFC 9110 section 6.5.1). */
const notInTrailers = /^(content-length|transfer-encoding|host|connection|upgrade|trailer|te|authorization|cookie|set-cookie|expect|traceparent|tracestate|forwarded|x-forwarded.*|x-tricordon.*|content-encoding|content-type|content-range)$/i;
function trailerAllowed(line) {
    const colon = line.indexOf(':');
    return colon > 0 && isToken(line, 0, colon) && !notInTrailers.test(line.slice(0, colon));
}
function hexDigit(byte) {
    if (byte >= 0x30 && byte <= 0x39)
        return byte - 0x30;
    if (byte >= 0x41 && byte <= 0x46)
        return byte - 0x37;
    if (byte >= 0x61 && byte <= 0x66)
        return byte - 0x57;
    return -1;
}
