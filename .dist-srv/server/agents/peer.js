import { z } from 'zod';
import { verifySocket } from '../../identity/index.js';
import { HostName } from '../../model/index.js';
import { ServerError } from '../errors.js';
const peers = new WeakMap();
export function agentId(trustDomain, host) {
    return `spiffe://${trustDomain}/agent/${host}`;
}
/** @throws ServerError `unauthenticated` for anything but a valid agent certificate of our own trust domain. */
export function peerOf(socket, bundles, trustDomain, clock) {
    const known = peers.get(socket);
    const now = clock.now();
    if (known !== undefined && now <= known.notAfter)
        return known;
    const result = verifySocket(socket, bundles, now);
    if (result.kind === 'refused')
        throw refused(result.reason);
    const prefix = agentId(trustDomain, '');
    const host = HostName.safeParse(result.id.startsWith(prefix) ? result.id.slice(prefix.length) : '');
    if (!host.success)
        throw refused('not an agent');
    const serial = socket.getPeerX509Certificate()?.serialNumber.toLowerCase() ?? '';
    const peer = { host: host.data, serial, notAfter: result.notAfter };
    peers.set(socket, peer);
    return peer;
}
function refused(why) {
    return new ServerError('unauthenticated', `an agent's certificate is needed (${why})`, {
        hint: 'enrol this host with `tricordon agent join`',
    });
}
/**
 * The certificates of a host's agent that count: the current one and the one before it, since an answer to `renew` may
 * be lost on its way. Enrolling again leaves the new one alone.
 */
const Serials = z.strictObject({ current: z.string(), previous: z.string().nullable() });
const serialsKey = (host) => `agent-serials/${host}`;
export async function noteSerial(tx, host, serial, replaces) {
    await tx.settings.put(serialsKey(host), { current: serial, previous: replaces });
    await tx.hosts.enrol(host, serial);
}
/** @throws ServerError `unauthenticated` when another certificate has taken this one's place. */
export async function checkSerial(store, peer) {
    const known = Serials.safeParse(await store.settings.get(serialsKey(peer.host)));
    if (known.success && (known.data.current === peer.serial || known.data.previous === peer.serial))
        return;
    throw refused('this certificate was replaced or withdrawn');
}
