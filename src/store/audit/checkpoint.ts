/**
 * The head of the audit chain, kept under a signature in a file outside the database: an end that was cut off shows. The
 * signature is of a key that the database's keeper does not hold, so that the file cannot be made to fit.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../../base/index.js';
import { StoreError } from '../store-error.js';
import type { AuditTrail } from './audit-trail.js';
import { type AuditHead, GENESIS } from './chain.js';

const Checkpoint = z.strictObject({
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z.base64().max(200),
});

export interface CheckpointSigner {
  sign(bytes: Uint8Array): Uint8Array;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
  /** What `handOver` gave to the last change of the key; undefined: it never changed. */
  witnessed(): string | undefined;
}

export interface AuditCheckpoint {
  /** Durable when it resolves; an older head never replaces a newer one. */
  write(head: AuditHead): Promise<void>;
  /** @throws StoreError `malformed` when the file is there and is not a checkpoint under our signature. */
  read(): Promise<AuditHead | undefined>;
  /**
   * Signs the present head. @throws StoreError `tampered`, and leaves the file as it is, when the trail no longer holds
   * what was signed before: a new head must not cover that up.
   */
  follow(trail: Pick<AuditTrail, 'head' | 'hashOf'>): Promise<void>;
  /**
   * Changes the key. The head of that moment is witnessed by old and new key together: only that one counts from then on
   * without the new key's signature, should the process die before it is signed anew. @throws StoreError as `follow`
   */
  handOver<T>(trail: Pick<AuditTrail, 'head' | 'hashOf'>, change: (witnessed: string) => Promise<T>): Promise<T>;
}

export function auditCheckpoint(path: string, signer: CheckpointSigner): AuditCheckpoint {
  let last: Promise<unknown> = Promise.resolve();
  /** One at a time: reading and replacing belong together. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
  const read = async (): Promise<AuditHead | undefined> => {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    let cause: unknown;
    try {
      const { seq, hash, signature } = Checkpoint.parse(JSON.parse(text));
      if (signer.verify(statement({ seq, hash }), Buffer.from(signature, 'base64'))) return { seq, hash };
      if (signer.witnessed() === witnessOf({ seq, hash })) return { seq, hash };
    } catch (error) {
      cause = error;
    }
    throw new StoreError('malformed', `\`${path}\` is not an audit checkpoint of this installation`, {
      cause,
      hint: 'someone changed it: treat the audit trail as tampered until it is explained',
    });
  };
  const replace = async (head: AuditHead) => {
    const signature = Buffer.from(signer.sign(statement(head))).toString('base64');
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ seq: head.seq, hash: head.hash, signature })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  };
  const follow = async (trail: Pick<AuditTrail, 'head' | 'hashOf'>) => {
    const [present, head] = [await read(), await trail.head()];
    if (present !== undefined && present.seq > 0 && (await trail.hashOf(present.seq)) !== present.hash)
      throw new StoreError('tampered', `the audit trail no longer holds entry ${present.seq} as it was signed`, {
        hint: 'tricordon audit verify',
      });
    if (head.seq > (present?.seq ?? 0)) await replace(head);
  };
  return {
    read,
    write: (head) =>
      inTurn(async () => {
        const present = await read();
        if (present === undefined || present.seq < head.seq) await replace(head);
      }),
    follow: (trail) => inTurn(() => follow(trail)),
    handOver: (trail, change) =>
      inTurn(async () => {
        await follow(trail);
        const head = (await read()) ?? { seq: 0, hash: GENESIS };
        const done = await change(witnessOf(head));
        await replace(head);
        return done;
      }),
  };
}

function witnessOf({ seq, hash }: AuditHead): string {
  return `audit head ${seq} ${hash}`;
}

/** What is signed: not to be taken for anything else that the same key signs. */
function statement({ seq, hash }: AuditHead): Uint8Array {
  return Buffer.from(`tricordon audit checkpoint v1\n${seq}\n${hash}\n`);
}
