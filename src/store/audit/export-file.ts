/**
 * The audit trail as a file of JSON lines that proves itself: first what it is, then every entry with its hash, oldest first.
 * Whoever has it recomputes the chain without us.
 */
import { z } from 'zod';
import { type AuditEntry, type AuditHead, chainWalker } from './chain.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const Head = z.strictObject({
  kind: z.literal('tricordon-audit-export'),
  schemaVersion: z.literal(1),
  instance: z.string(),
  exportedAt: z.number(),
  exportedBy: z.string(),
  /** The last entry: a file that ends before it was cut off. */
  last: z.strictObject({ seq: z.int().min(0), hash }),
});
export type AuditExportHead = z.infer<typeof Head>;

const Entry = z.strictObject({
  seq: z.int(),
  at: z.number(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
  previous: hash,
  hash,
});

/** Shown raw, they would move a terminal's cursor or turn text around; JSON allows them as escapes. */
const deceptive = /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One line of the file, with its end. */
export function auditExportLine(value: AuditExportHead | AuditEntry): string {
  return `${JSON.stringify(value).replace(deceptive, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

export interface AuditExportVerdict {
  readonly ok: boolean;
  readonly head: AuditExportHead | null;
  readonly length: number;
  readonly lastHash: string;
  readonly brokenAt: number | null;
  readonly reason: string | null;
}

/** Reads to the end and never throws for what the file says. `checkpoint` is a head that was kept elsewhere. */
export async function verifyAuditExport(
  lines: AsyncIterable<string>,
  checkpoint?: AuditHead,
): Promise<AuditExportVerdict> {
  const walker = chainWalker();
  let head: AuditExportHead | undefined;
  let number = 0;
  let unreadable: number | undefined;
  for await (const line of lines) {
    number += 1;
    const value = json(line);
    if (head === undefined) {
      const parsed = Head.safeParse(value);
      if (!parsed.success) return broken(null, 'the first line is not that of an audit export');
      head = parsed.data;
      continue;
    }
    const entry = Entry.safeParse(value);
    if (!entry.success) {
      unreadable = number;
      break;
    }
    walker.add(entry.data);
  }
  if (head === undefined) return broken(null, 'the file is empty');
  const chain = walker.verdict(checkpoint);
  const found = { head, length: chain.length, lastHash: chain.head };
  if (!chain.ok && chain.brokenAt !== undefined && unreadable === undefined)
    return { ...found, ok: false, brokenAt: chain.brokenAt, reason: chain.reason ?? null };
  if (unreadable !== undefined)
    return { ...found, ok: false, brokenAt: chain.length + 1, reason: `line ${unreadable} is no entry` };
  if (chain.length !== head.last.seq || chain.head !== head.last.hash) {
    const reason =
      chain.length < head.last.seq ? 'the file was cut off' : 'the file does not end as its first line says';
    return { ...found, ok: false, brokenAt: Math.min(chain.length, head.last.seq) + 1, reason };
  }
  return { ...found, ok: true, brokenAt: null, reason: null };
}

function broken(brokenAt: number | null, reason: string): AuditExportVerdict {
  return { ok: false, head: null, length: 0, lastHash: '', brokenAt, reason };
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
