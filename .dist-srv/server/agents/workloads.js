import { printable } from '../../base/index.js';
import { serviceId } from '../../model/index.js';
import { ServerError } from '../errors.js';
import { admitHost, ensureService } from '../services.js';
import { issue } from './enrolment.js';
/** Idempotent on the id: the same workload is registered once, whatever is said again. */
export async function registerWorkload(context, peer, request) {
    const { service, attestation } = request;
    if (!request.id.startsWith(`${service}-`) || !/-[0-9a-f]{8}$/.test(request.id))
        throw new ServerError('invalid', 'a workload id is written SERVICE-HOST-8HEX');
    return context.changes.transact(async (tx, note) => {
        await admitHost(tx, service, peer.host);
        const contract = await ensureService(tx, note, { service, by: `agent/${peer.host}`, at: context.clock.now() });
        const known = await tx.workloads.get(request.id);
        if (known !== undefined) {
            ownWorkload(known, peer);
            if (known.service !== service || JSON.stringify(known.attestation) !== JSON.stringify(attestation))
                throw new ServerError('conflict', 'this workload id stands for another process');
            if (known.endedAt !== null)
                throw new ServerError('conflict', 'this workload has ended');
        }
        const workload = known ?? {
            id: request.id,
            service,
            host: peer.host,
            identity: serviceId(context.config.trustDomain, service),
            attributes: attributesOf(attestation, peer.host, contract),
            attestation,
            capture: request.capture,
            cgroup: request.cgroup,
            state: 'running',
            startedAt: context.clock.now(),
            endedAt: null,
        };
        await refuseRevoked(tx, workload.identity);
        if (known === undefined) {
            await tx.workloads.save(workload);
            await tx.audit.append({
                actor: `agent/${peer.host}`,
                action: 'workload.register',
                subject: workload.id,
                detail: { service, attributes: workload.attributes, capture: workload.capture },
            });
            note.revise();
            note.tell('workloads', workload.id, 'started');
        }
        const svid = issueFor(context, workload, request.publicKey);
        return { workload, svid, contract };
    });
}
export async function renewSvid(context, peer, id, publicKey) {
    const workload = await workloadOf(context.store, peer, id);
    if (workload.endedAt !== null)
        throw new ServerError('conflict', 'this workload has ended');
    await refuseRevoked(context.store, workload.identity);
    return issueFor(context, workload, publicKey);
}
export async function endWorkload(context, peer, id, detail) {
    await context.changes.transact(async (tx, note) => {
        await workloadOf(tx, peer, id);
        if (!(await tx.workloads.end(id, context.clock.now())))
            return;
        await tx.audit.append({
            actor: `agent/${peer.host}`,
            action: 'workload.end',
            subject: id,
            detail: { detail: printable(detail, 300) },
        });
        note.revise();
        note.tell('workloads', id, 'ended');
    });
}
/** @throws ServerError `not-found`, `foreign-host` */
async function workloadOf(store, peer, id) {
    const workload = await store.workloads.get(id);
    if (workload === undefined)
        throw new ServerError('not-found', 'there is no such workload');
    ownWorkload(workload, peer);
    return workload;
}
/** INVARIANT: an agent speaks for its own host's workloads only. */
function ownWorkload(workload, peer) {
    if (workload.host !== peer.host)
        throw new ServerError('foreign-host', 'this workload runs on another host');
}
export const revokedKey = 'revoked';
export async function revokedIdentities(store) {
    const value = await store.settings.get(revokedKey);
    return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
}
async function refuseRevoked(store, identity) {
    if ((await revokedIdentities(store)).includes(identity)) {
        throw new ServerError('forbidden', 'this identity is withdrawn', {
            hint: 'it comes back with `rejoin` or a clean restart',
        });
    }
}
function issueFor(context, workload, publicKey) {
    const { identity: id, attributes } = workload;
    return issue(context, id, publicKey, { ttlMs: context.config.svidTtlMs, attributes }).answer;
}
/** Signed into the certificate: attested facts only, and whether the code is the one approved with the contract. */
function attributesOf(attestation, host, contract) {
    const { clean } = contract;
    const [digest, wanted] = attestation.kind === 'process'
        ? [attestation.codeDigest, clean['code']]
        : [attestation.imageConfig, clean['image']];
    const approved = wanted === undefined ? 'not-yet' : wanted === digest ? 'yes' : 'no';
    const facts = attestation.kind === 'process'
        ? {
            platform: 'process',
            code: attestation.codeDigest,
            entry: attestation.entry ?? attestation.executable,
            operator: attestation.operator,
            uid: String(attestation.uid),
        }
        : {
            platform: 'docker',
            image: attestation.imageConfig,
            imageName: attestation.imageName,
        };
    return Object.fromEntries(Object.entries({ ...facts, host, approved }).map(([name, value]) => [name, printable(value, 250)]));
}
