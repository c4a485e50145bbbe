import type { z } from 'zod';
import type { KeptEvidence } from '../../store/index.js';
import type { EvidenceRow } from '../api/evidence.js';
import { manifestDigest } from '../evidence/digest.js';

export function evidenceRow(
  { manifest, pin }: KeptEvidence,
  checked: { problems: readonly string[] } | undefined,
): z.infer<typeof EvidenceRow> {
  return {
    id: manifest.id,
    incident: manifest.incident,
    service: manifest.service,
    workload: manifest.workload,
    host: manifest.host,
    collectedAt: manifest.collectedAt,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    missing: manifest.missing,
    manifestDigest: manifestDigest(manifest),
    pin,
    verified: checked === undefined ? 'not-checked' : checked.problems.length === 0 ? 'ok' : 'broken',
    problems: checked === undefined ? [] : [...checked.problems],
  };
}
