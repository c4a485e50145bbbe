/** What the segments themselves cannot tell: what retention dropped, what was lost. Sealed by the key. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { access } from 'node:fs/promises';
import { z } from 'zod';
import { canonicalJson } from '../canonical-json.js';
import { NO_HASH } from './block.js';
import { readWhole, writeWhole } from './small-file.js';

const Content = z.strictObject({
  /** Sequence and hash of the last block that retention dropped. */
  droppedTo: z.int().min(0),
  droppedHash: z.string().regex(/^[0-9a-f]{64}$/),
  droppedObservations: z.int().min(0),
  droppedBytes: z.int().min(0),
  /** Observations that never reached the disk: no space, or one alone too large. */
  lost: z.int().min(0),
  /** A block that surely exists or was dropped; only grows with each new segment. */
  written: z.int().min(0),
});
export type LedgerContent = z.infer<typeof Content>;
const Sealed = z.strictObject({ content: Content, seal: z.string() });

export const emptyLedger: LedgerContent = {
  droppedTo: 0,
  droppedHash: NO_HASH,
  droppedObservations: 0,
  droppedBytes: 0,
  lost: 0,
  written: 0,
};

/** `state` is `forged` when the file is there and its seal fits none of the keys. */
export async function readLedger(
  directory: string,
  keys: readonly Buffer[],
): Promise<LedgerContent & { state: 'ok' | 'new' | 'forged' }> {
  const path = `${directory}/ledger.json`;
  const found = await readWhole(path, Sealed);
  if (found === undefined) {
    const present = await access(path).then(
      () => true,
      () => false,
    );
    return { ...emptyLedger, state: present ? 'forged' : 'new' };
  }
  const given = Buffer.from(found.seal);
  const fits = keys.some((key) => {
    const wanted = Buffer.from(sealOf(found.content, key));
    return wanted.length === given.length && timingSafeEqual(wanted, given);
  });
  return fits ? { ...found.content, state: 'ok' } : { ...emptyLedger, state: 'forged' };
}

export async function writeLedger(directory: string, key: Buffer, content: LedgerContent): Promise<void> {
  await writeWhole(`${directory}/ledger.json`, { content, seal: sealOf(content, key) });
}

function sealOf(content: LedgerContent, key: Buffer): string {
  return createHmac('sha256', key)
    .update(`tricordon spool ledger\n${canonicalJson(content)}`)
    .digest('hex');
}
