import type { Duplex } from 'node:stream';

/**
 * Joins the inherited sockets of helper and agent: both may be restarted at any time, the other side keeps its end.
 * A line that was cut by a death is ended, so that it is refused as malformed and never glued to the next.
 */
export function createSplice(): {
  left(end: Duplex): void;
  right(end: Duplex): void;
  /** The left side died: tells the right one, so that it does not wait for answers that never come. */
  lost(): void;
} {
  const ends: { left: Duplex | undefined; right: Duplex | undefined } = { left: undefined, right: undefined };
  const waiting: { left: Buffer[]; right: Buffer[] } = { left: [], right: [] };
  const limit = 4 << 20;

  function attach(side: 'left' | 'right', end: Duplex): void {
    const other = side === 'left' ? 'right' : 'left';
    ends[side] = end;
    end.on('error', () => {});
    end.on('close', () => {
      if (ends[side] !== end) return;
      ends[side] = undefined;
      ends[other]?.write('\n');
    });
    end.on('data', (chunk: Buffer) => {
      const target = ends[other];
      if (target?.writable === true) {
        if (!target.write(chunk)) waitFor(target, end);
        return;
      }
      const queue = waiting[other];
      queue.push(chunk);
      while (queue.reduce((sum, part) => sum + part.length, 0) > limit) queue.shift();
    });
    for (const chunk of waiting[side].splice(0)) end.write(chunk);
  }
  /** One that dies full never drains: its successor must be heard all the same. */
  function waitFor(full: Duplex, source: Duplex): void {
    source.pause();
    const go = () => {
      full.off('drain', go);
      full.off('close', go);
      source.resume();
    };
    full.once('drain', go);
    full.once('close', go);
  }

  return {
    left: (end) => attach('left', end),
    right: (end) => attach('right', end),
    lost: () => void ends.right?.write('\n{"gone":true}\n'),
  };
}
