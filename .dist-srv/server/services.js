/** The nouns' life cycle: a service is known, and has a contract, before anything of it gets an identity or traffic. */
import { z } from 'zod';
import { initialVersion } from '../contract/index.js';
import { ServerError } from './errors.js';
const Hosts = z.array(z.string());
const hostsKey = (service) => `service-hosts/${service}`;
/** INVARIANT: version 0, in `learn`, is approved in the same transaction in which a service becomes known. */
export async function ensureService(tx, note, request) {
    const known = await tx.services.get(request.service);
    // Locks the row: of two first starts at once the second sees what the first wrote.
    await tx.services.declare(request.service);
    if (known === undefined) {
        await tx.audit.append({ actor: request.by, action: 'service.register', subject: request.service, detail: {} });
    }
    if (request.hosts !== undefined) {
        await tx.settings.put(hostsKey(request.service), request.hosts);
        await tx.audit.append({
            actor: request.by,
            action: 'service.hosts',
            subject: request.service,
            detail: { hosts: request.hosts },
        });
    }
    const active = await tx.contracts.active(request.service);
    if (active !== undefined)
        return active;
    const initial = initialVersion(request.service, request.by, request.at);
    const proposed = await tx.contracts.propose(initial);
    const approved = await tx.contracts.approve(request.service, proposed.version, {
        by: request.by,
        reason: 'first start',
        digest: initial.digest,
    });
    note.revise();
    note.tell('contracts', request.service, 'created');
    return approved;
}
/**
 * Whether a host may run a service: one it is registered for, or, for a new name, whoever comes first. The gateway is
 * every host's own. @throws ServerError `service-not-registered`
 */
export async function admitHost(tx, service, host) {
    if (service === 'gateway')
        return;
    const given = await tx.settings.putIfAbsent(hostsKey(service), [host]);
    if (Hosts.parse(given).includes(host))
        return;
    throw new ServerError('service-not-registered', `host \`${host}\` may not run the service \`${service}\``, {
        hint: `an operator adds it: POST /v1/services {"service":"${service}","hosts":["${host}", ...]}`,
    });
}
