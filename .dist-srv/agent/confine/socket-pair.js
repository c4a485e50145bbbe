import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
/**
 * Two ends of one stream, each to be given to a child as an inherited descriptor. Node has no socketpair(2): a
 * listener in a fresh directory that only we can enter takes one connection and is gone.
 */
export async function socketPair() {
    const folder = mkdtempSync(join(tmpdir(), 'tc-'));
    const path = join(folder, 's');
    const server = createServer({ pauseOnConnect: true });
    try {
        await new Promise((resolve, reject) => {
            server.once('error', reject);
            server.listen(path, resolve);
        });
        const accepted = new Promise((resolve) => server.once('connection', resolve));
        const first = connect(path);
        await new Promise((resolve, reject) => {
            first.once('connect', resolve);
            first.once('error', reject);
        });
        // Nothing may be read here: every byte belongs to the child.
        first.pause();
        return [first, await accepted];
    }
    finally {
        server.close();
        rmSync(folder, { recursive: true, force: true });
    }
}
