import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../base/index.js';
import type { KernelTracer, LineHandlers, LineSource } from '../../sensor/index.js';
import { HelperError } from './errors.js';
import { lineSplitter } from './lines.js';
import { type Answer, type Ask, answers, maxHelperAnswer, maxHelperLine, Reply, type Verb } from './protocol.js';

export interface HelperClient {
  /** Asks for one verb. Throws HelperError; `gone` when no helper is connected or it died before it answered. */
  ask<V extends Verb>(verb: V, what: Ask<V>, timeoutMs?: number): Promise<Answer<V>>;
  /** A new helper was started in place of a dead one: open requests have failed with `gone`, the next go here. */
  attach(stream: Duplex): void;
  readonly connected: boolean;
  /** The tracers of the kernel as src/sensor wants them, run by the helper. */
  readonly tracers: Readonly<Record<KernelTracer, LineSource>>;
  /** Called once per lost helper; what it held is found again by its successor (namespaces, cgroups and pids stay). */
  onGone: () => void;
  close(): void;
}

interface Waiting {
  readonly verb: Verb;
  readonly settle: (reply: { value: unknown } | { error: HelperError }) => void;
}

const defaultTimeoutMs = 60_000;

/**
 * Speaks to the privileged helper.
 *
 * @param stream the agent's end of the socket that the helper inherits as fd 3
 */
export function helperClient(stream?: Duplex): HelperClient {
  const waiting = new Map<number, Waiting>();
  let current: Duplex | undefined;
  // What the helper still had to say to an agent before us must not pass for an answer, or a tracer's line, to us.
  let next = randomInt(1, 2 ** 47);
  const first = randomInt(1, 2 ** 47);
  let nextSession = first;
  const sessions = new Map<number, LineHandlers>();

  const client: HelperClient = {
    ask: async (verb, what, timeoutMs = defaultTimeoutMs) => {
      const to = current;
      if (to === undefined) throw gone(verb);
      const id = next++;
      const line = `${JSON.stringify({ ...what, id, verb })}\n`;
      if (line.length > maxHelperLine) throw new HelperError('malformed', `the request \`${verb}\` is too long`);
      const reply = await new Promise<{ value: unknown } | { error: HelperError }>((resolve) => {
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
      if ('error' in reply) throw reply.error;
      const parsed = answers[verb].safeParse(reply.value);
      if (!parsed.success) {
        throw new HelperError('malformed', `the privileged helper answered \`${verb}\` strangely`, {
          cause: parsed.error,
        });
      }
      // `answers[verb]` is the schema of Answer<V>; the compiler cannot follow the index through the union.
      return parsed.data as Answer<typeof verb>;
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
    tracers: { bpftrace: tracer('bpftrace'), bpf: tracer('bpf') },
    onGone: () => {},
    close: () => {
      const old = current;
      current = undefined;
      old?.destroy();
      failAll();
    },
  };
  if (stream !== undefined) attach(stream);
  return client;

  function tracer(name: KernelTracer): LineSource {
    return {
      probe: async () => {
        const { usable, reason, fix } = await client.ask('sensor.probe', { tracer: name });
        return { usable, ...(reason === undefined ? {} : { reason }), ...(fix === undefined ? {} : { fix }) };
      },
      start: async ({ parents, containers }, handlers) => {
        const session = nextSession++;
        sessions.set(session, handlers);
        try {
          const selection = { parents: [...parents], containers };
          await client.ask('sensor.start', { session, first, tracer: name, selection });
        } catch (error) {
          sessions.delete(session);
          throw error;
        }
        return {
          stop: async () => {
            if (sessions.has(session)) await client.ask('sensor.stop', { session }).catch(() => {});
          },
        };
      },
    };
  }

  function attach(to: Duplex): void {
    current = to;
    const feed = lineSplitter(maxHelperAnswer, receive, () => {});
    to.on('data', (chunk: Buffer) => {
      if (current === to) feed(chunk);
    });
    to.on('error', () => lost(to));
    to.on('close', () => lost(to));
    to.on('end', () => lost(to));
    // Both ends of a pair are born paused, so that none of a child's bytes are read by its parent.
    to.resume();
  }

  function lost(which: Duplex): void {
    if (current !== which) return;
    current = undefined;
    failAll();
    client.onGone();
  }

  function failAll(): void {
    for (const { verb, settle } of [...waiting.values()]) settle({ error: gone(verb) });
    for (const session of [...sessions.keys()]) endSession(session, 'the privileged helper ended');
  }

  function endSession(session: number, detail: string): void {
    const handlers = sessions.get(session);
    sessions.delete(session);
    handlers?.end(detail);
  }

  function receive(line: string): void {
    const reply = parse(line);
    if (reply === undefined) return;
    if ('gone' in reply) {
      failAll();
      client.onGone();
    } else if ('line' in reply) sessions.get(reply.sensor)?.line(reply.line);
    else if ('ended' in reply) endSession(reply.sensor, reply.ended);
    else if (reply.ok) waiting.get(reply.id)?.settle({ value: reply.value });
    else {
      const { code, message, hint } = reply.error;
      waiting
        .get(reply.id)
        ?.settle({ error: new HelperError(code, messageOf(message), hint === undefined ? {} : { hint }) });
    }
  }
}

/** The helper is trusted, a line that cannot be read is still never acted upon. */
function parse(line: string): Reply | undefined {
  try {
    const parsed = Reply.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function gone(verb: Verb): HelperError {
  return new HelperError('gone', `no privileged helper to carry out \`${verb}\``, {
    hint: '`tricordon up` starts it again by itself; ask again',
  });
}
