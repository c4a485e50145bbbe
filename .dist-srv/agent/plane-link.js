/** The agent's end of one data plane process: keeps connected, says again what it must know, takes observations. */
import { connect } from 'node:net';
import { messageOf } from '../base/index.js';
import { FromPlane, maxControlLine } from '../traffic/index.js';
import { lineSplitter } from './helper/lines.js';
export function linkPlane(options) {
    let socket;
    let closed = false;
    let configure;
    let svid;
    let snapshot;
    let last;
    let waiters = [];
    let pending = [];
    let saving = false;
    open();
    function open() {
        if (closed)
            return;
        const made = connect(options.socketPath);
        made.on('connect', () => {
            socket = made;
            for (const message of [configure, svid, snapshot])
                if (message !== undefined)
                    send(message);
        });
        made.on('data', lineSplitter(maxControlLine, take, () => made.destroy()));
        made.on('error', () => { });
        made.on('close', () => {
            if (socket === made)
                socket = undefined;
            pending = [];
            if (!closed)
                setTimeout(open, 100).unref();
        });
    }
    function take(line) {
        let message;
        try {
            message = FromPlane.parse(JSON.parse(line));
        }
        catch (error) {
            options.log.warn({ error: messageOf(error) }, 'data plane said something unreadable');
            return;
        }
        if (message.type === 'observation') {
            pending.push(message);
            void save();
        }
        else if (message.type === 'listening') {
            last = message;
            for (const waiter of waiters.splice(0))
                waiter(message);
            options.changed();
        }
        else if (message.type === 'problem') {
            options.log.warn({ code: message.code, message: message.message }, 'data plane problem');
        }
    }
    async function save() {
        if (saving)
            return;
        saving = true;
        try {
            while (pending.length > 0) {
                const from = socket;
                const batch = pending.splice(0, 500);
                await options.observations(batch.map((item) => item.observation));
                const through = batch.at(-1)?.seq;
                if (from !== undefined && from === socket && through !== undefined)
                    send({ type: 'ack', seq: through });
            }
        }
        catch (error) {
            // Not acknowledged: a new connection brings them again.
            options.log.error({ error: messageOf(error) }, 'observations of the data plane were not stored');
            socket?.destroy();
        }
        finally {
            saving = false;
        }
    }
    function send(message) {
        socket?.write(`${JSON.stringify(message)}\n`);
    }
    return {
        configure: (message) => {
            configure = { type: 'configure', ...message };
            send(configure);
        },
        svid: (keyPem, chainPem) => {
            svid = { type: 'svid', keyPem, chainPem: [...chainPem] };
            send(svid);
        },
        snapshot: (value) => {
            snapshot = { type: 'snapshot', snapshot: value };
            send(snapshot);
        },
        listening: (timeoutMs) => new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`data plane at ${options.socketPath} does not listen`)), timeoutMs);
            waiters = [
                ...waiters,
                (listening) => {
                    clearTimeout(timer);
                    resolve(listening);
                },
            ];
        }),
        lastListening: () => last,
        connected: () => socket !== undefined,
        stop: () => {
            send({ type: 'stop' });
            closed = true;
            socket?.end();
        },
        close: () => {
            closed = true;
            socket?.destroy();
        },
    };
}
