/** Another key signs evidence and the head of the audit trail; what was signed before stays verifiable. */
import type { SigningKey } from '../../identity/index.js';
import type { Context } from '../context.js';
import { tellKeyChange } from '../key-changes.js';

/** @throws StoreError `tampered` when the trail is not what was signed: a new key must not cover that up */
export async function rotateEvidenceKey(context: Context, by: string): Promise<SigningKey> {
  const { authority, checkpoint, clock, store } = context;
  // From here on the next start tells of it, if we cannot.
  await tellEvidenceKey(context, by);
  const next = await checkpoint.handOver(store.audit, (witnessed) => authority.evidence.rotate(witnessed, clock.now()));
  await tellEvidenceKey(context, by);
  return next;
}

export async function tellEvidenceKey({ authority, store }: Context, by: string): Promise<void> {
  const id = authority.evidence.keys().at(-1)?.id;
  if (id !== undefined) await tellKeyChange(store, { subject: 'evidence', id }, by);
}
