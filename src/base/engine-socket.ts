/** HTTP to the Docker Engine over its Unix socket: every answer is bounded in time and size. */
import { type IncomingMessage, request } from 'node:http';

export const engineSocketPath = '/var/run/docker.sock';

export interface EngineCall {
  readonly socketPath?: string;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: { readonly type: string; readonly bytes: string | Uint8Array };
  /** Milliseconds; null for a call that waits for something to happen. Default 10,000. */
  readonly timeoutMs?: number | null;
  /** Default 4 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface EngineAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** The answer was longer than was allowed; it was dropped. */
export class EngineAnswerTooLong extends Error {
  override readonly name = 'EngineAnswerTooLong';
}

/** @throws whatever the socket says, or EngineAnswerTooLong */
export async function callEngine(call: EngineCall): Promise<EngineAnswer> {
  const response = await openEngine(call);
  const limit = call.maxBytes ?? 4 << 20;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new EngineAnswerTooLong(`the answer is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
}

/** The head of the answer; the caller reads the rest, which may never end. */
export function openEngine(call: EngineCall): Promise<IncomingMessage> {
  const { socketPath = engineSocketPath, method = 'GET', path, body, timeoutMs = 10_000 } = call;
  const signals = [
    ...(timeoutMs === null ? [] : [AbortSignal.timeout(timeoutMs)]),
    ...(call.signal === undefined ? [] : [call.signal]),
  ];
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method,
        path,
        agent: false,
        signal: AbortSignal.any(signals),
        headers: {
          host: 'docker',
          ...(body === undefined ? {} : { 'content-type': body.type, 'content-length': Buffer.byteLength(body.bytes) }),
        },
      },
      resolve,
    );
    sent.on('error', reject);
    sent.end(body?.bytes);
  });
}
