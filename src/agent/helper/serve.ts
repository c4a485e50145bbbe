import type { Duplex } from 'node:stream';
import { codeOf, messageOf, TricordonError } from '../../base/index.js';
import type { HelperContext } from './context.js';
import { type HelperCode, HelperError, helperCodes } from './errors.js';
import { lineSplitter } from './lines.js';
import { maxHelperAnswer, maxHelperLine, Request, type Reply } from './protocol.js';
import { verbs } from './verbs.js';

/**
 * Answers the requests of one agent until the stream ends. Requests about one workload are carried out in order, those
 * about different ones at the same time. A line that is none is answered with `malformed` (id 0 when it has none).
 */
export function serveHelper(stream: Duplex, context: Omit<HelperContext, 'relay'>): Promise<void> {
  const queues = new Map<string, Promise<void>>();
  const send = (reply: Reply): void => {
    if (!stream.writable) return;
    const line = JSON.stringify(reply);
    const known = 'id' in reply && line.length > maxHelperAnswer;
    stream.write(`${known ? JSON.stringify(failure(reply.id, tooLong(line.length))) : line}\n`);
  };
  const full: HelperContext = { ...context, relay: send };
  const feed = lineSplitter(
    maxHelperLine,
    (line) => receive(line),
    (bytes) => send(failure(0, new HelperError('malformed', `a request of ${bytes} bytes is too long`))),
  );
  stream.on('data', feed);
  return new Promise((resolve) => {
    stream.on('end', resolve);
    stream.on('close', resolve);
    stream.on('error', () => resolve());
  });

  function receive(line: string): void {
    const request = parse(line);
    if ('refusal' in request) {
      send(request.refusal);
      return;
    }
    const key = 'prepared' in request ? request.prepared.spec.workload : 'spec' in request ? request.spec.workload : '';
    const turn = (key === '' ? Promise.resolve() : (queues.get(key) ?? Promise.resolve())).then(async () => {
      send(await carryOut(request, full));
    });
    if (key === '') return;
    queues.set(key, turn);
    void turn.finally(() => {
      if (queues.get(key) === turn) queues.delete(key);
    });
  }
}

async function carryOut(request: Request, context: HelperContext): Promise<Reply> {
  try {
    // One handler per verb, typed by it; the union as a whole is beyond the compiler.
    const handler = verbs[request.verb] as (request: Request, context: HelperContext) => Promise<unknown>;
    return { id: request.id, ok: true, value: await handler(request, context) };
  } catch (error) {
    return failure(request.id, error);
  }
}

function parse(line: string): Request | { refusal: Reply } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { refusal: failure(0, new HelperError('malformed', 'a request is one JSON object on one line')) };
  }
  const parsed = Request.safeParse(value);
  if (parsed.success) return parsed.data;
  const id = typeof value === 'object' && value !== null && 'id' in value && Number.isInteger(value.id) ? value.id : 0;
  const where = parsed.error.issues[0];
  const what = where === undefined ? '' : `: ${where.path.join('.')} ${where.message}`;
  return {
    refusal: failure(typeof id === 'number' ? id : 0, new HelperError('malformed', messageOf(`not a request${what}`))),
  };
}

const translated: ReadonlyMap<string | undefined, HelperCode> = new Map([
  ['spec-refused', 'refused'],
  ['rung-unusable', 'unavailable'],
]);

function tooLong(length: number): HelperError {
  return new HelperError('failed', `the answer is too long: ${length} characters`);
}

function failure(id: number, thrown: unknown): Reply {
  const own = codeOf(thrown);
  const code = helperCodes.find((known) => known === own) ?? translated.get(own) ?? 'failed';
  const hint = thrown instanceof TricordonError ? thrown.hint : undefined;
  return { id, ok: false, error: { code, message: messageOf(thrown), ...(hint === undefined ? {} : { hint }) } };
}
