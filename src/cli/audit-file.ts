/** An export of the audit trail, verified without the installation that it comes from. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { codeOf, messageOf, printable } from '../base/index.js';
import { type AuditExportVerdict, type AuditHead, verifyAuditExport } from '../store/index.js';
import { CliError } from './command.js';

/** Of the control plane's file; its signature cannot be checked without the installation's key. */
const Kept = z.object({ seq: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) });

export async function verifyFile(path: string, checkpointPath: string | undefined): Promise<AuditExportVerdict> {
  const checkpoint = checkpointPath === undefined ? undefined : await keptHead(checkpointPath);
  const input = createReadStream(path, 'utf8');
  try {
    return await verifyAuditExport(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), checkpoint);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    input.destroy();
  }
}

async function keptHead(path: string): Promise<AuditHead> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return Kept.parse(JSON.parse(content));
  } catch (cause) {
    throw new CliError('usage', `\`${printable(path, 200)}\` is not an audit checkpoint`, {
      cause,
      hint: 'give a copy of keys/ca/audit-checkpoint.json',
    });
  }
}

function unreadable(path: string, cause: unknown): CliError {
  const why = codeOf(cause) === 'ENOENT' ? 'there is no such file' : messageOf(cause);
  return new CliError('usage', `\`${printable(path, 200)}\` cannot be read: ${why}`, { cause });
}
