import { messageOf } from '../../base/index.js';
import { HelperError } from './errors.js';
import { lineSplitter } from './lines.js';
import { answers, maxHelperLine, Reply } from './protocol.js';
const defaultTimeoutMs = 60_000;
/**
 * Speaks to the privileged helper.
 *
 * @param stream the agent's end of the socket that the helper inherits as fd 3
 */
export function helperClient(stream) {
    const waiting = new Map();
    let current;
    let next = 1;
    let nextSession = 1;
    const sessions = new Map();
    const client = {
        ask: async (verb, what, timeoutMs = defaultTimeoutMs) => {
            const to = current;
            if (to === undefined)
                throw gone(verb);
            const id = next++;
            const line = `${JSON.stringify({ ...what, id, verb })}\n`;
            if (line.length > maxHelperLine)
                throw new HelperError('malformed', `the request \`${verb}\` is too long`);
            const reply = await new Promise((resolve) => {
                const timer = setTimeout(() => {
                    waiting.delete(id);
                    resolve({ error: new HelperError('timeout', `the privileged helper did not answer \`${verb}\` in time`) });
                }, timeoutMs);
                waiting.set(id, {
                    verb,
                    settle: (answer) => {
                        clearTimeout(timer);
                        waiting.delete(id);
                        resolve(answer);
                    },
                });
                to.write(line);
            });
            if ('error' in reply)
                throw reply.error;
            const parsed = answers[verb].safeParse(reply.value);
            if (!parsed.success) {
                throw new HelperError('malformed', `the privileged helper answered \`${verb}\` strangely`, {
                    cause: parsed.error,
                });
            }
            // `answers[verb]` is the schema of Answer<V>; the compiler cannot follow the index through the union.
            return parsed.data;
        },
        attach: (replacement) => {
            const old = current;
            current = undefined;
            old?.destroy();
            failAll();
            attach(replacement);
        },
        get connected() {
            return current !== undefined;
        },
        sensor: {
            probe: async () => {
                const { usable, reason, fix } = await client.ask('sensor.probe', {});
                return { usable, ...(reason === undefined ? {} : { reason }), ...(fix === undefined ? {} : { fix }) };
            },
            start: async ({ parents, containers }, handlers) => {
                const session = nextSession++;
                sessions.set(session, handlers);
                try {
                    await client.ask('sensor.start', { session, selection: { parents: [...parents], containers } });
                }
                catch (error) {
                    sessions.delete(session);
                    throw error;
                }
                return {
                    stop: async () => {
                        if (sessions.has(session))
                            await client.ask('sensor.stop', { session }).catch(() => { });
                    },
                };
            },
        },
        onGone: () => { },
        close: () => {
            const old = current;
            current = undefined;
            old?.destroy();
            failAll();
        },
    };
    if (stream !== undefined)
        attach(stream);
    return client;
    function attach(to) {
        current = to;
        const feed = lineSplitter(maxHelperLine, receive, () => { });
        to.on('data', (chunk) => {
            if (current === to)
                feed(chunk);
        });
        to.on('error', () => lost(to));
        to.on('close', () => lost(to));
        to.on('end', () => lost(to));
        // Both ends of a pair are born paused, so that none of a child's bytes are read by its parent.
        to.resume();
    }
    function lost(which) {
        if (current !== which)
            return;
        current = undefined;
        failAll();
        client.onGone();
    }
    function failAll() {
        for (const { verb, settle } of [...waiting.values()])
            settle({ error: gone(verb) });
        for (const session of [...sessions.keys()])
            endSession(session, 'the privileged helper ended');
    }
    function endSession(session, detail) {
        const handlers = sessions.get(session);
        sessions.delete(session);
        handlers?.end(detail);
    }
    function receive(line) {
        const reply = parse(line);
        if (reply === undefined)
            return;
        if ('line' in reply)
            sessions.get(reply.sensor)?.line(reply.line);
        else if ('ended' in reply)
            endSession(reply.sensor, reply.ended);
        else if (reply.ok)
            waiting.get(reply.id)?.settle({ value: reply.value });
        else {
            const { code, message, hint } = reply.error;
            waiting
                .get(reply.id)
                ?.settle({ error: new HelperError(code, messageOf(message), hint === undefined ? {} : { hint }) });
        }
    }
}
/** The helper is trusted, a line that cannot be read is still never acted upon. */
function parse(line) {
    try {
        const parsed = Reply.safeParse(JSON.parse(line));
        return parsed.success ? parsed.data : undefined;
    }
    catch {
        return undefined;
    }
}
function gone(verb) {
    return new HelperError('gone', `no privileged helper to carry out \`${verb}\``, {
        hint: '`tricordon up` starts it again by itself; ask again',
    });
}
