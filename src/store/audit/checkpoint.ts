/** The head of the audit chain, kept in a file outside the database: an end that was cut off shows. */
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../../base/index.js';
import { StoreError } from '../store-error.js';
import type { AuditHead } from './chain.js';

const Head = z.strictObject({ seq: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) });

export interface AuditCheckpoint {
  /** Durable when it resolves; an older head never replaces a newer one. */
  write(head: AuditHead): Promise<void>;
  /** @throws StoreError `malformed` when the file is there and is not a checkpoint. */
  read(): Promise<AuditHead | undefined>;
}

export function auditCheckpoint(path: string): AuditCheckpoint {
  let last: Promise<void> = Promise.resolve();
  const read = async (): Promise<AuditHead | undefined> => {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return Head.parse(JSON.parse(text));
    } catch (error) {
      throw new StoreError('malformed', `\`${path}\` is not an audit checkpoint`, {
        cause: error,
        hint: 'someone changed it: treat the audit trail as tampered until it is explained',
      });
    }
  };
  const replace = async (head: AuditHead) => {
    const present = await read();
    if (present !== undefined && present.seq >= head.seq) return;
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ seq: head.seq, hash: head.hash })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  };
  return {
    read,
    write: (head) => {
      const next = last.then(() => replace(head));
      last = next.catch(() => {});
      return next;
    },
  };
}
