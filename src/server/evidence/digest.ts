import { createHash } from 'node:crypto';
import type { EvidenceManifest } from '../../model/index.js';
import { manifestText } from '../../respond/index.js';

/** Of the bytes that are signed. */
export function manifestDigest(manifest: EvidenceManifest): string {
  return `sha256:${createHash('sha256').update(manifestText(manifest)).digest('hex')}`;
}
