/** A segment: one file of blocks, named by the sequence of its first. */
import { open, readdir } from 'node:fs/promises';
import { codeOf } from '../../base/index.js';
import { HEADER_BYTES, hashOf, readHeader, TAG_BYTES } from './block.js';
export const segmentName = (first) => `${String(first).padStart(16, '0')}.spool`;
/** All segments of a directory in order; a missing directory has none. */
export async function listSegments(directory) {
    let names;
    try {
        names = await readdir(directory);
    }
    catch (error) {
        if (codeOf(error) === 'ENOENT')
            return [];
        throw error;
    }
    return names
        .filter((name) => /^\d{16}\.spool$/.test(name))
        .sort()
        .map((name) => ({ name, path: `${directory}/${name}`, first: Number.parseInt(name, 10) }));
}
/** Block by block; at most one block is in memory. Does not decrypt. */
export async function* readBlocks(path) {
    const file = await open(path, 'r');
    try {
        for (let offset = 0;;) {
            const head = await readFully(file, offset, HEADER_BYTES);
            if (head.length === 0)
                return;
            if (head.length < HEADER_BYTES)
                return yield { kind: 'torn', offset };
            const header = readHeader(head);
            if (header === undefined)
                return yield { kind: 'unreadable', offset };
            const rest = await readFully(file, offset + HEADER_BYTES, header.length + TAG_BYTES);
            if (rest.length < header.length + TAG_BYTES)
                return yield { kind: 'torn', offset };
            const bytes = Buffer.concat([head, rest]);
            offset += bytes.length;
            yield { kind: 'block', header, bytes, hash: hashOf(bytes), end: offset };
        }
    }
    finally {
        await file.close();
    }
}
async function readFully(file, offset, length) {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
        const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0)
            break;
        filled += bytesRead;
    }
    return buffer.subarray(0, filled);
}
