/** The hash chain of the audit trail: pure functions over entries. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.js';
/** What the first entry follows. */
export const GENESIS = '0'.repeat(64);
/** SHA-256 over the previous hash and the canonical JSON of everything else in the entry. */
export function entryHash(entry) {
    const { seq, at, actor, action, subject, detail, previous } = entry;
    return createHash('sha256')
        .update(`${previous}\n${canonicalJson({ seq, at, actor, action, subject, detail })}`)
        .digest('hex');
}
/** Walks the chain entry by entry; `verdict` compares with a head remembered elsewhere, which shows a cut-off end. */
export function chainWalker() {
    let length = 0;
    let head = GENESIS;
    let broken;
    const seen = new Map();
    return {
        add(entry) {
            if (broken !== undefined)
                return;
            const expected = length + 1;
            if (entry.seq !== expected)
                broken = { brokenAt: expected, reason: `entry ${expected} is missing` };
            else if (entry.previous !== head)
                broken = { brokenAt: expected, reason: 'does not follow the entry before it' };
            else if (entryHash(entry) !== entry.hash)
                broken = { brokenAt: expected, reason: 'content and hash differ' };
            else {
                length = expected;
                head = entry.hash;
                seen.set(expected, head);
            }
        },
        verdict(checkpoint) {
            if (broken !== undefined)
                return { ok: false, length, head, ...broken };
            if (checkpoint !== undefined && checkpoint.seq > 0 && seen.get(checkpoint.seq) !== checkpoint.hash) {
                const reason = checkpoint.seq > length ? 'the end was cut off' : 'the chain was written anew';
                return { ok: false, length, head, brokenAt: Math.min(checkpoint.seq, length + 1), reason };
            }
            return { ok: true, length, head };
        },
    };
}
