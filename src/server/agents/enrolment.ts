/** How a host gets in: a one-time token, bound to the host's name, kept as a hash. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { IdentityError } from '../../identity/index.js';
import { agentId } from '../../model/index.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { callersFault } from '../http/problem.js';
import type { Issued } from './protocol.js';
import { noteSerial } from './peer.js';
import { readmit } from './withdrawal.js';

const Binding = z.strictObject({ host: z.string(), usedBy: z.string().nullable(), expiresAt: z.number() });
const bindingKey = (token: string) => `enrol/${createHash('sha256').update(token).digest('hex')}`;
/** Of an agent's certificate. */
export const agentTtlMs = 24 * 3_600_000;

export async function inviteHost(
  context: Context,
  host: string,
  ttlMs: number,
  by: string,
): Promise<{ token: string; expiresAt: number }> {
  return context.changes.transact(async (tx) => {
    const token = await tx.hosts.createEnrolToken(by, ttlMs);
    const expiresAt = context.clock.now() + ttlMs;
    await tx.settings.put(bindingKey(token), { host, usedBy: null, expiresAt } satisfies z.infer<typeof Binding>);
    await tx.audit.append({ actor: by, action: 'host.invited', subject: host, detail: { expiresAt } });
    return { token, expiresAt };
  });
}

/**
 * Trades the token for a certificate. The same token with the same key is answered again while it has not expired, so
 * that a lost answer does not lock the host out. @throws ServerError `unauthenticated`, alike for every reason
 */
export async function enrol(
  context: Context,
  request: { token: string; host: string; publicKey: string },
): Promise<z.infer<typeof Issued>> {
  const key = bindingKey(request.token);
  const keyHash = createHash('sha256').update(request.publicKey).digest('hex');
  return context.changes.transact(async (tx, note) => {
    const binding = Binding.safeParse(await tx.settings.get(key));
    if (!binding.success || binding.data.host !== request.host || binding.data.expiresAt < context.clock.now())
      throw wrongToken();
    const first = await tx.hosts.redeemEnrolToken(request.token, request.host);
    if (!first && binding.data.usedBy !== keyHash) throw wrongToken();
    const issued = issueAgent(context, request.host, request.publicKey);
    await tx.settings.put(key, { ...binding.data, usedBy: keyHash } satisfies z.infer<typeof Binding>);
    await noteSerial(tx, request.host, issued.serial, null);
    await readmit(tx, request.host);
    note.revise();
    note.tell('coverage', request.host, 'enrolled');
    return issued.answer;
  });
}

export async function renew(
  context: Context,
  peer: { host: string; serial: string },
  publicKey: string,
): Promise<z.infer<typeof Issued>> {
  return context.changes.transact(async (tx) => {
    const issued = issueAgent(context, peer.host, publicKey);
    await noteSerial(tx, peer.host, issued.serial, peer.serial);
    return issued.answer;
  });
}

function issueAgent(context: Context, host: string, publicKey: string) {
  return issue(context, agentId(context.config.trustDomain, host), publicKey, { ttlMs: agentTtlMs });
}

/** @throws ServerError `invalid` when the public key is none. */
export function issue(
  context: Context,
  id: string,
  publicKey: string,
  options: { ttlMs: number; attributes?: Readonly<Record<string, string>> },
): { answer: z.infer<typeof Issued>; serial: string } {
  let made: ReturnType<typeof context.authority.issueSvid>;
  try {
    made = context.authority.issueSvid({
      id,
      publicKey,
      ttlMs: options.ttlMs,
      ...(options.attributes === undefined ? {} : { attributes: { ...options.attributes } }),
    });
  } catch (error) {
    if (!(error instanceof IdentityError) || error.code !== 'certificate-request-invalid') throw error;
    throw callersFault('invalid', error);
  }
  return {
    serial: made.serial,
    answer: {
      id,
      chain: [...made.chainPem],
      notBefore: made.notBefore,
      notAfter: made.notAfter,
      trustDomain: context.config.trustDomain,
      bundles: { [context.config.trustDomain]: [...context.authority.bundle()] },
    },
  };
}

function wrongToken(): ServerError {
  return new ServerError('unauthenticated', 'this token is used, too old, unknown or for another host', {
    hint: 'make a new one with `tricordon agent token HOST`',
  });
}
