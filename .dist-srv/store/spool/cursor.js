/** How far the spool has been shipped: survives restarts, never runs ahead of what was acknowledged. */
import { z } from 'zod';
import { readWhole, writeWhole } from './small-file.js';
const Position = z.strictObject({ next: z.int().min(1) });
export function shippingCursor(directory) {
    const path = `${directory}/cursor.json`;
    const read = async () => (await readWhole(path, Position))?.next ?? 1;
    return {
        read,
        commit: async (next) => {
            if (next > (await read()))
                await writeWhole(path, { next });
        },
    };
}
