import { createHash } from 'node:crypto';
import { manifestText } from '../../respond/index.js';
/** Of the bytes that are signed. */
export function manifestDigest(manifest) {
    return `sha256:${createHash('sha256').update(manifestText(manifest)).digest('hex')}`;
}
