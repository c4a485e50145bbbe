/** How far the spool has been shipped: survives restarts, never runs ahead of what was acknowledged. */
import { z } from 'zod';
import { readWhole, writeWhole } from './small-file.js';

const Position = z.strictObject({ next: z.int().min(1) });

export interface ShippingCursor {
  /** Sequence of the next block to ship; 1 when nothing is known (then everything is sent again, which is harmless). */
  read(): Promise<number>;
  /** Call when the block before `next` was answered. Durable when it resolves; never goes back. */
  commit(next: number): Promise<void>;
}

export function shippingCursor(directory: string): ShippingCursor {
  const path = `${directory}/cursor.json`;
  const read = async () => (await readWhole(path, Position))?.next ?? 1;
  return {
    read,
    commit: async (next) => {
      if (next > (await read())) await writeWhole(path, { next });
    },
  };
}
