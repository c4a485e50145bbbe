/**
 * Joins the inherited sockets of helper and agent: both may be restarted at any time, the other side keeps its end.
 * A line that was cut by a death is ended, so that it is refused as malformed and never glued to the next.
 */
export function createSplice() {
    const ends = { left: undefined, right: undefined };
    const waiting = { left: [], right: [] };
    const limit = 4 << 20;
    function attach(side, end) {
        const other = side === 'left' ? 'right' : 'left';
        ends[side] = end;
        end.on('error', () => { });
        end.on('close', () => {
            if (ends[side] !== end)
                return;
            ends[side] = undefined;
            ends[other]?.write('\n');
        });
        end.on('data', (chunk) => {
            const target = ends[other];
            if (target?.writable === true) {
                if (!target.write(chunk)) {
                    end.pause();
                    target.once('drain', () => end.resume());
                }
                return;
            }
            const queue = waiting[other];
            queue.push(chunk);
            while (queue.reduce((sum, part) => sum + part.length, 0) > limit)
                queue.shift();
        });
        for (const chunk of waiting[side].splice(0))
            end.write(chunk);
    }
    return {
        left: (end) => attach('left', end),
        right: (end) => attach('right', end),
        lost: () => void ends.right?.write('\n{"gone":true}\n'),
    };
}
