/** How a host gets in: a one-time token, bound to the host's name, kept as a hash. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { IdentityError } from '../../identity/index.js';
import { ServerError } from '../errors.js';
import { callersFault } from '../http/problem.js';
import { agentId, noteSerial } from './peer.js';
const Binding = z.strictObject({ host: z.string(), usedBy: z.string().nullable(), expiresAt: z.number() });
const bindingKey = (token) => `enrol/${createHash('sha256').update(token).digest('hex')}`;
const agentTtlMs = 24 * 3_600_000;
export async function inviteHost(context, host, ttlMs, by) {
    return context.changes.transact(async (tx) => {
        const token = await tx.hosts.createEnrolToken(by, ttlMs);
        const expiresAt = context.clock.now() + ttlMs;
        await tx.settings.put(bindingKey(token), { host, usedBy: null, expiresAt });
        await tx.audit.append({ actor: by, action: 'host.invited', subject: host, detail: { expiresAt } });
        return { token, expiresAt };
    });
}
/**
 * Trades the token for a certificate. The same token with the same key is answered again while it has not expired, so
 * that a lost answer does not lock the host out. @throws ServerError `unauthenticated`, alike for every reason
 */
export async function enrol(context, request) {
    const key = bindingKey(request.token);
    const keyHash = createHash('sha256').update(request.publicKey).digest('hex');
    return context.changes.transact(async (tx, note) => {
        const binding = Binding.safeParse(await tx.settings.get(key));
        if (!binding.success || binding.data.host !== request.host || binding.data.expiresAt < context.clock.now())
            throw wrongToken();
        const first = await tx.hosts.redeemEnrolToken(request.token, request.host);
        if (!first && binding.data.usedBy !== keyHash)
            throw wrongToken();
        const issued = issueAgent(context, request.host, request.publicKey);
        await tx.settings.put(key, { ...binding.data, usedBy: keyHash });
        await noteSerial(tx, request.host, issued.serial, null);
        note.revise();
        note.tell('coverage', request.host, 'enrolled');
        return issued.answer;
    });
}
export async function renew(context, peer, publicKey) {
    return context.changes.transact(async (tx) => {
        const issued = issueAgent(context, peer.host, publicKey);
        await noteSerial(tx, peer.host, issued.serial, peer.serial);
        return issued.answer;
    });
}
function issueAgent(context, host, publicKey) {
    return issue(context, agentId(context.config.trustDomain, host), publicKey, { ttlMs: agentTtlMs });
}
/** @throws ServerError `invalid` when the public key is none. */
export function issue(context, id, publicKey, options) {
    let made;
    try {
        made = context.authority.issueSvid({
            id,
            publicKey,
            ttlMs: options.ttlMs,
            ...(options.attributes === undefined ? {} : { attributes: { ...options.attributes } }),
        });
    }
    catch (error) {
        if (!(error instanceof IdentityError) || error.code !== 'certificate-request-invalid')
            throw error;
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
function wrongToken() {
    return new ServerError('unauthenticated', 'this token is used, too old, unknown or for another host', {
        hint: 'make a new one with `tricordon agent token HOST`',
    });
}
