/** The CLI's side of the agent's own socket. */
import { request } from 'node:http';
import { z } from 'zod';
import { codeOf, messageOf } from '../base/index.js';
import { CliError, type Invocation } from './command.js';
import { locate } from './installation.js';
import { readState } from './state-file.js';

const Problem = z.looseObject({ detail: z.string().optional(), hint: z.string().nullish() });

/** Of the agent that runs on this host. @throws CliError `not-running` */
export function agentHere(invocation: Invocation): string {
  const { dataDir } = locate(invocation);
  const state = readState(dataDir);
  if (state !== undefined) return state.agentSocket;
  throw new CliError('not-running', `nothing runs in \`${dataDir}\``, {
    hint: 'on the host itself: `sudo`, and --data-dir where it is not the usual one',
  });
}

/** Asks once. Throws CliError `not-running` when no agent answers, `refused` with its reason otherwise. */
export function askAgent<T>(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  schema: z.ZodType<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const sent = request(
      {
        socketPath,
        // A connection of its own: one that was kept may be closed by the agent at the very moment we ask on it.
        agent: false,
        method,
        path,
        timeout: 120_000,
        headers: payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => reject(noAgent(error)));
        response.on('end', () => {
          try {
            const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
            if (response.statusCode === 200) return resolve(schema.parse(value));
            const problem = Problem.parse(value);
            const hint = problem.hint ?? undefined;
            return reject(
              new CliError('refused', problem.detail ?? 'the agent refused', hint === undefined ? {} : { hint }),
            );
          } catch (error) {
            return reject(noAgent(error));
          }
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer within two minutes')));
    sent.on('error', (error) => reject(noAgent(error)));
    sent.end(payload);
  });
}

/** A text as it is, whole. @throws CliError as `askAgent` does */
export function readAgentText(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, agent: false, path, timeout: 30_000 }, (response) => {
      let said = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        said += chunk;
        if (said.length > 16 << 20) response.destroy(new Error('the answer is larger than 16 MiB'));
      });
      response.on('error', (error) => reject(noAgent(error)));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(said);
        else reject(new CliError('refused', `the agent answered ${response.statusCode}: is it of an older version?`));
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')));
    sent.on('error', (error) => reject(noAgent(error)));
    sent.end();
  });
}

/** Follows a stream of JSON lines until it ends; resolves then, whatever the reason. */
export function followAgent(
  socketPath: string,
  path: string,
  signal: AbortSignal,
  take: (value: unknown) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const sent = request({ socketPath, agent: false, path, signal }, (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') take(JSON.parse(line));
      });
      response.on('end', resolve);
      response.on('error', () => resolve());
    });
    sent.on('error', () => resolve());
    sent.end();
  });
}

function noAgent(error: unknown): CliError {
  const absent = ['ENOENT', 'ECONNREFUSED', 'EACCES'].includes(codeOf(error) ?? '');
  return new CliError(
    absent ? 'not-running' : 'unreachable',
    `the agent of this host does not answer: ${messageOf(error)}`,
    {
      hint:
        codeOf(error) === 'EACCES' ? 'use the account that ran `tricordon up` (sudo?)' : 'start it with `tricordon up`',
      cause: error,
    },
  );
}
