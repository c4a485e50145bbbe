/** The head of the audit chain, kept in a file outside the database: an end that was cut off shows. */
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../../base/index.js';
import { StoreError } from '../store-error.js';
const Head = z.strictObject({ seq: z.int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) });
export function auditCheckpoint(path) {
    let last = Promise.resolve();
    const read = async () => {
        let text;
        try {
            text = await readFile(path, 'utf8');
        }
        catch (error) {
            if (codeOf(error) === 'ENOENT')
                return undefined;
            throw error;
        }
        try {
            return Head.parse(JSON.parse(text));
        }
        catch (error) {
            throw new StoreError('malformed', `\`${path}\` is not an audit checkpoint`, {
                cause: error,
                hint: 'someone changed it: treat the audit trail as tampered until it is explained',
            });
        }
    };
    const replace = async (head) => {
        const present = await read();
        if (present !== undefined && present.seq >= head.seq)
            return;
        const file = await open(`${path}.new`, 'w', 0o600);
        try {
            await file.writeFile(`${JSON.stringify({ seq: head.seq, hash: head.hash })}\n`);
            await file.sync();
        }
        finally {
            await file.close();
        }
        await rename(`${path}.new`, path);
    };
    return {
        read,
        write: (head) => {
            const next = last.then(() => replace(head));
            last = next.catch(() => { });
            return next;
        },
    };
}
