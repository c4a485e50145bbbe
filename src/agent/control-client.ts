/** The agent's side of the agent API: HTTPS with mutual TLS, idempotent, nothing counted as said before a 2xx. */
import { createHash, type X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { codeOf, messageOf } from '../base/index.js';
import { type Bundles, type Svid, tlsClientOptions } from '../identity/index.js';
import { agentProtocol, commonProtocol, type ProtocolSpan, protocolSpan } from '../model/index.js';
import { AgentError } from './errors.js';

export interface ControlClient {
  /** Throws AgentError `control-unreachable` or `version-apart` (try again), or `control-refused` (do not). */
  call<T>(method: 'GET' | 'POST', path: string, body: unknown, schema: z.ZodType<T>, options?: CallOptions): Promise<T>;
  /** The protocol that both speak, by the last answer. */
  protocol(): number;
  /** New connections use this identity from now on. */
  identify(identity: ClientIdentity): void;
  close(): void;
}

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Raw bytes instead of JSON. */
  readonly stream?: NodeJS.ReadableStream;
}

export interface ClientIdentity {
  readonly svid: Svid;
  readonly bundles: Bundles;
  /** `spiffe://TD/control-plane`: no other holder of a certificate of ours may pose as the control plane. */
  readonly expectedId: string;
}

/** @param newest the newest protocol that is spoken; a control plane of the version before is spoken to in its own */
export function controlClient(url: string, newest: number = agentProtocol.newest): ControlClient {
  const speaking = speaker(newest);
  let agent: Agent | undefined;
  return {
    identify: (identity) => {
      const old = agent;
      agent = new Agent({
        ...tlsClientOptions(identity),
        keepAlive: true,
        // A resumed session would skip the certificate check.
        maxCachedSessions: 0,
      });
      setTimeout(() => old?.destroy(), 60_000).unref();
    },
    call: async (method, path, body, schema, options = {}) => {
      if (agent === undefined) throw new AgentError('control-unreachable', 'this agent has no identity yet');
      const answer = await speaking.ask(new URL(path, url), { method, agent, ...options, body });
      const parsed = schema.safeParse(answer);
      if (!parsed.success) {
        throw new AgentError(
          'control-unreachable',
          `the control plane's answer to ${method} ${path} is not understood: ${messageOf(parsed.error)}`,
          {
            hint: 'run the same version on both sides',
          },
        );
      }
      return parsed.data;
    },
    protocol: speaking.protocol,
    close: () => agent?.destroy(),
  };
}

/** Sends in the newest protocol that both speak, going by what each answer says: the other side may be upgraded, or put back, between two. */
function speaker(newest: number): { ask(url: URL, sending: Sending): Promise<unknown>; protocol(): number } {
  const ours: ProtocolSpan = { oldest: Math.max(1, newest - 1), newest };
  let spoken = newest;
  const heard = (served: ProtocolSpan) => {
    spoken = commonProtocol(ours, served) ?? newest;
  };
  return { ask, protocol: () => spoken };

  async function ask(url: URL, sending: Sending): Promise<unknown> {
    const before = spoken;
    try {
      return await send(url, sending, before, heard);
    } catch (error) {
      // What streams is half gone; whoever sends it tries again.
      if (codeOf(error) !== 'version-apart' || spoken === before || sending.stream !== undefined) throw error;
      return send(url, sending, spoken, heard);
    }
  }
}

/**
 * Trades a one-time token for an identity. The control plane proves itself first: a certificate of its chain must have
 * the expected SHA-256, else nothing is said to it.
 */
export async function enrol<T>(
  url: string,
  fingerprint: string,
  body: unknown,
  schema: z.ZodType<T>,
  newest: number,
): Promise<T> {
  const wanted = fingerprint.toLowerCase().replaceAll(':', '');
  const agent = new Agent({ rejectUnauthorized: false, minVersion: 'TLSv1.3', maxSockets: 1, maxCachedSessions: 0 });
  // Trust on the fingerprint alone is decided before the body is written: the socket is destroyed otherwise.
  const answer = await speaker(newest).ask(new URL('/agent/v1/enroll', url), {
    method: 'POST',
    agent,
    body,
    check: (socket) => {
      for (const certificate of chainOf(socket)) {
        if (createHash('sha256').update(certificate.raw).digest('hex') === wanted) return undefined;
      }
      return 'the control plane there is not the one whose fingerprint was given';
    },
  });
  agent.destroy();
  return schema.parse(answer);
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at = socket.getPeerX509Certificate();
  while (at !== undefined && chain.length < 8) {
    chain.push(at);
    const issuer: X509Certificate | undefined = at.issuerCertificate;
    if (issuer === undefined || issuer.fingerprint256 === at.fingerprint256) break;
    if (!at.checkIssued(issuer) || !at.verify(issuer.publicKey)) break;
    at = issuer;
  }
  return chain;
}

interface Sending extends CallOptions {
  readonly method: string;
  readonly agent: Agent;
  readonly body: unknown;
  /** Returns why this peer is not to be talked to. */
  readonly check?: (socket: TLSSocket) => string | undefined;
}

const Problem = z.looseObject({
  code: z.string().optional(),
  detail: z.string().optional(),
  title: z.string().optional(),
  hint: z.string().nullish(),
});

/** @param heard what the other side serves, with each answer that says so */
function send(url: URL, sending: Sending, protocol: number, heard: (served: ProtocolSpan) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const payload = sending.body === undefined ? undefined : Buffer.from(JSON.stringify(sending.body));
    const sent = request(url, {
      method: sending.method,
      agent: sending.agent,
      timeout: sending.timeoutMs ?? 20_000,
      ...(sending.signal === undefined ? {} : { signal: sending.signal }),
      headers: {
        // Version 0.1 does not say that it speaks 1.
        ...(protocol === 1 ? {} : { [agentProtocol.header]: String(protocol) }),
        ...contentHeaders(payload, sending.stream),
      },
    });
    const go = () => {
      if (sending.stream !== undefined) sending.stream.pipe(sent);
      else sent.end(payload);
    };
    const { check } = sending;
    if (check === undefined) go();
    else {
      sent.on('socket', (socket) => {
        socket.once('secureConnect', () => {
          const refusal = check(socket as TLSSocket); // an https Agent hands out TLS sockets only
          if (refusal === undefined) return go();
          sent.destroy(
            new AgentError('enrolment-refused', refusal, {
              hint: 'compare with `tricordon agent token HOST` on the control plane',
            }),
          );
        });
      });
    }
    sent.on('response', (response) => {
      const said = response.headers[agentProtocol.header];
      const served = Array.isArray(said) ? undefined : protocolSpan(said);
      if (served !== undefined) heard(served);
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
        const status = response.statusCode ?? 500;
        try {
          const value: unknown = text === '' ? undefined : JSON.parse(text);
          if (status < 300) return resolve(value);
          const problem = Problem.safeParse(value).data;
          const message = `${problem?.detail ?? problem?.title ?? 'refused'} (${status})`;
          if (status >= 500 || status === 429) return reject(new AgentError('control-unreachable', message));
          const hint = problem?.hint ?? undefined;
          const code = status === 426 ? 'version-apart' : 'control-refused';
          return reject(new AgentError(code, message, hint === undefined ? {} : { hint }));
        } catch (error) {
          return reject(unreachable(error));
        }
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', (error) => reject(error instanceof AgentError ? error : unreachable(error)));
  });
}

function contentHeaders(payload: Buffer | undefined, stream: CallOptions['stream']): Record<string, string | number> {
  if (payload !== undefined) return { 'content-type': 'application/json', 'content-length': payload.length };
  return stream === undefined ? {} : { 'content-type': 'application/octet-stream' };
}

function unreachable(error: unknown): AgentError {
  return new AgentError('control-unreachable', `the control plane does not answer: ${messageOf(error)}`, {
    cause: error,
    hint: 'it is tried again; look at `tricordon status`',
  });
}
