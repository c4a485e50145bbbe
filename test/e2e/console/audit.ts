/** What the fixture server answers about the audit trail: 250 entries, one of them hostile. */
import type { AuditAnswer, AuditVerified } from '../../../src/server/api-types.js';
import { start } from './world.js';

const page = 100;
const hash = 'c0ffee00'.repeat(8);
const entries: AuditAnswer['entries'] = Array.from({ length: 250 }, (_, index) => ({
  sequence: 250 - index,
  at: start - index * 61_000,
  actor: index % 3 === 0 ? 'Bela Costa' : 'Ana Lima',
  action: index % 3 === 0 ? 'contract.propose' : 'contract.approve',
  subject: `catalog v${250 - index}`,
  detail: index % 2 === 0 ? { reason: 'drill of the week', mode: { api: 'enforce' } } : {},
  hash,
}));
entries[1] = {
  sequence: 249,
  at: start - 61_000,
  actor: '\u202e<img src=x onerror=alert(1)>',
  action: 'people.invite',
  subject: '=HYPERLINK("http://evil.example")\u001b[2J',
  detail: { '\u001b[31m': '\u2028</script>' },
  hash,
};

export function auditBody(query: URLSearchParams): AuditAnswer {
  const before = Number(query.get('before') ?? Number.POSITIVE_INFINITY);
  const actor = query.get('actor');
  const found = entries.filter((entry) => entry.sequence < before && (actor === null || entry.actor === actor));
  const shown = found.slice(0, page);
  return { entries: shown, next: found.length > page ? (shown.at(-1)?.sequence ?? null) : null };
}

export function verified(tampered: boolean): AuditVerified {
  return tampered
    ? { ok: false, length: 41, head: hash, brokenAt: 42, reason: 'content and hash differ', signedUpTo: 250 }
    : { ok: true, length: 250, head: hash, brokenAt: null, reason: null, signedUpTo: 249 };
}
