/** The public API as the CLI uses it: HTTPS with our own CA pinned, the scoped token from a 0600 file. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, messageOf } from '../base/index.js';
import { CliError } from './command.js';

export const Access = z.strictObject({
  schemaVersion: z.literal(1),
  url: z.string(),
  token: z.string(),
  /** PEM of the certificate authority. */
  ca: z.string(),
});
export type Access = z.infer<typeof Access>;

/** Whom we talk to, by which authority we know it, and what proves who we are. */
export interface Target {
  readonly url: string;
  readonly ca: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Api {
  get<T>(path: string): Promise<T>;
  /** What is no JSON, as it is. */
  text(path: string): Promise<string>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Server-Sent Events until `signal` aborts; each event's `data`. */
  stream(path: string, signal: AbortSignal, take: (event: { topic: string; data: string }) => void): Promise<void>;
}

const notRunning = { hint: 'start it with `tricordon up`, or sign in elsewhere with `tricordon login`' };

/** Reads the access file of an installation. Refuses one that others can read. */
export function readAccess(dataDir: string): Access {
  const path = join(dataDir, 'token');
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    if ((fstatSync(file).mode & 0o077) !== 0) {
      throw new CliError('refused', `\`${path}\` can be read by others`, {
        hint: `chmod 600 ${path}, and restart \`tricordon up\` for a new token`,
      });
    }
    return Access.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (codeOf(error) === 'EACCES')
      throw new CliError('refused', `\`${path}\` belongs to another user`, {
        hint: 'sign in with `tricordon login`, or use the account that ran `tricordon up` (sudo?)',
        cause: error,
      });
    throw new CliError('not-running', `nothing runs in \`${dataDir}\``, { ...notRunning, cause: error });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

export function openApi(access: Access): Api {
  return openTarget({ ...access, headers: { authorization: `Bearer ${access.token}` } });
}

export function openTarget({ url, ca, headers }: Target): Api {
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 4, minVersion: 'TLSv1.3' });
  const target = { url, headers, agent };

  return {
    // The server filters its answers by the schemas in server/api; here they are taken as typed.
    get: async <T>(path: string) => (await exchange(target, 'GET', path, undefined)).value as T,
    text: async (path) => String((await exchange(target, 'GET', path, undefined)).value),
    post: async <T>(path: string, body: unknown) => (await exchange(target, 'POST', path, body)).value as T,
    stream: (path, signal, take) =>
      new Promise((resolve, reject) => {
        const sent = request(
          new URL(path, url),
          { agent, headers: { ...headers, accept: 'text/event-stream' }, signal },
          (response) => {
            if (response.statusCode !== 200) {
              response.resume();
              return reject(problem(response.statusCode ?? 500, ''));
            }
            let rest = '';
            response.setEncoding('utf8');
            response.on('data', (chunk: string) => {
              rest += chunk;
              for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
                const lines = rest.slice(0, end).split('\n');
                rest = rest.slice(end + 2);
                const data = lines
                  .filter((line) => line.startsWith('data:'))
                  .map((line) => line.slice(5).trimStart())
                  .join('\n');
                const topic =
                  lines
                    .find((line) => line.startsWith('event:'))
                    ?.slice(6)
                    .trim() ?? 'message';
                if (data !== '') take({ topic, data });
              }
              if (rest.length > 1 << 20) response.destroy(new Error('an event is larger than 1 MiB'));
            });
            response.on('end', resolve);
            response.on('error', (error) => (signal.aborted ? resolve() : reject(unreachable(error))));
          },
        );
        sent.on('error', (error) => (signal.aborted ? resolve() : reject(unreachable(error))));
        sent.end();
      }),
  };
}

export interface Exchanged {
  readonly value: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** @throws CliError for every answer but a good one. */
export function exchange(
  { url, headers, agent }: Omit<Target, 'ca'> & { readonly agent: Agent },
  method: string,
  path: string,
  body: unknown,
): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const sent = request(
      new URL(path, url),
      {
        method,
        agent,
        timeout: 30_000,
        headers:
          payload === undefined
            ? headers
            : { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > 64 << 20) response.destroy(new Error('the answer is larger than 64 MiB'));
          chunks.push(chunk);
        });
        response.on('error', (error) => reject(unreachable(error)));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if ((response.statusCode ?? 500) >= 300) return reject(problem(response.statusCode ?? 500, text));
          resolve({ value: bodyOf(text, response.headers['content-type']), headers: response.headers });
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')));
    sent.on('error', (error) => reject(unreachable(error)));
    sent.end(payload);
  });
}

function bodyOf(text: string, type: string | undefined): unknown {
  if (type?.startsWith('text/plain') === true) return text;
  return text === '' ? undefined : JSON.parse(text);
}

function unreachable(error: Error): CliError {
  return new CliError(
    codeOf(error) === 'ECONNREFUSED' ? 'not-running' : 'unreachable',
    `the control plane does not answer: ${messageOf(error)}`,
    {
      hint: 'look at `tricordon status`, or start it with `tricordon up`',
      cause: error,
    },
  );
}

const ProblemBody = z.looseObject({
  detail: z.string().optional(),
  title: z.string().optional(),
  hint: z.string().nullish(),
  code: z.string().optional(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

function problem(status: number, text: string): CliError {
  let body: z.infer<typeof ProblemBody> = {};
  try {
    body = ProblemBody.parse(JSON.parse(text));
  } catch {
    // not a problem document: the status alone must do
  }
  const issues = (body.issues ?? []).map(({ path, message }) => (path === '' ? message : `\`${path}\`: ${message}`));
  return new CliError(
    status === 503 ? 'unavailable' : 'refused',
    [body.detail ?? body.title ?? `the control plane answered ${status}`, ...issues].join('\n'),
    body.hint === undefined || body.hint === null ? {} : { hint: body.hint },
  );
}
