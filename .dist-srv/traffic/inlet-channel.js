/** The IPC channel to the inlet: its redirected listener and its connections to the workload, as handles. */
import { Server, Socket } from 'node:net';
import { FromInlet } from './control-protocol.js';
const answerMs = 5_000;
const maxWaiting = 4_096;
/** Undefined when this process was started without a channel. */
export function openInletChannel(ipc, log, captured) {
    if (ipc.send === undefined)
        return undefined;
    const waiting = new Map();
    let last = 0;
    ipc.on('message', (message, handle) => {
        const parsed = FromInlet.safeParse(message);
        if (!parsed.success) {
            log.warn('the inlet sent something that is no message');
            if (handle instanceof Socket)
                handle.destroy();
            return;
        }
        const said = parsed.data;
        if (said.type === 'listener') {
            if (handle instanceof Server)
                captured(handle);
            return;
        }
        const done = waiting.get(said.id);
        waiting.delete(said.id);
        if (said.type === 'failed')
            done?.({ code: said.code });
        else if (!(handle instanceof Socket))
            done?.({ code: 'no-handle' });
        else if (done === undefined)
            handle.destroy();
        else
            done(handle);
    });
    ipc.on('disconnect', () => {
        for (const [id, done] of waiting) {
            waiting.delete(id);
            done({ code: 'inlet-gone' });
        }
    });
    return (port, done) => {
        if (!ipc.connected || waiting.size >= maxWaiting) {
            process.nextTick(() => done({ code: ipc.connected ? 'inlet-busy' : 'inlet-gone' }));
            return;
        }
        last += 1;
        const id = last;
        const timer = setTimeout(() => {
            waiting.delete(id);
            done({ code: 'ETIMEDOUT' });
        }, answerMs);
        waiting.set(id, (result) => {
            clearTimeout(timer);
            done(result);
        });
        ipc.send?.({ type: 'connect', id, port });
    };
}
