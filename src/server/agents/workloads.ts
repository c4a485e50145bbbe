/** What an agent may say of its workloads: registered with proof, given an identity, ended. */
import type { z } from 'zod';
import { printable } from '../../base/index.js';
import { knownAttributes } from '../../contract/index.js';
import {
  type Attributes,
  type ContractVersion,
  isSatisfied,
  type Labels,
  parseSpiffeId,
  predicateText,
  serviceId,
  type Workload,
} from '../../model/index.js';
import type { Repositories, Store } from '../../store/index.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { admitHost, ensureService } from '../services.js';
import { issue } from './enrolment.js';
import type { AgentPeer } from './peer.js';
import type { Issued, WorkloadAnswer, WorkloadRequest } from './protocol.js';

/** Idempotent on the id: the same workload is registered once, whatever is said again. */
export async function registerWorkload(
  context: Context,
  peer: AgentPeer,
  request: z.infer<typeof WorkloadRequest>,
): Promise<z.input<typeof WorkloadAnswer>> {
  const { service, attestation } = request;
  if (!request.id.startsWith(`${service}-`) || !/-[0-9a-f]{8}$/.test(request.id))
    throw new ServerError('invalid', 'a workload id is written SERVICE-HOST-8HEX');
  return context.changes.transact(async (tx, note) => {
    await admitHost(tx, service, peer.host);
    const { active: contract, record } = await ensureService(tx, note, {
      service,
      by: `agent/${peer.host}`,
      at: context.clock.now(),
    });
    const known = await tx.workloads.get(request.id);
    if (known !== undefined) {
      ownWorkload(known, peer);
      if (known.service !== service || codeOfAttestation(known.attestation) !== codeOfAttestation(attestation))
        throw new ServerError('conflict', 'this workload id stands for other code');
      if (known.endedAt !== null) throw new ServerError('conflict', 'this workload has ended');
    }
    const restarted = known !== undefined && JSON.stringify(known.attestation) !== JSON.stringify(attestation);
    const workload: Workload =
      known !== undefined
        ? { ...known, attestation, state: 'running' }
        : {
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
    const attributes = { ...workload.attributes, ...labelsOf(record.labels) };
    refuseUnproved(contract, workload, attributes);
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
    if (restarted) {
      await tx.workloads.save(workload);
      await tx.audit.append({
        actor: `agent/${peer.host}`,
        action: 'workload.restart',
        subject: workload.id,
        detail: { service },
      });
      note.tell('workloads', workload.id, 'restarted');
    }
    const svid = issueFor(context, workload, attributes, request.publicKey);
    return { workload, svid, contract };
  });
}

/** What stays the same when a workload is started again in place: only clean restarts keep their id. */
function codeOfAttestation(attestation: Workload['attestation']): string {
  return attestation.kind === 'process'
    ? `${attestation.codeDirectory} ${attestation.codeDigest}`
    : attestation.imageConfig;
}

export async function renewSvid(
  context: Context,
  peer: AgentPeer,
  id: string,
  publicKey: string,
): Promise<z.infer<typeof Issued>> {
  const workload = await workloadOf(context.store, peer, id);
  if (workload.endedAt !== null) throw new ServerError('conflict', 'this workload has ended');
  await refuseRevoked(context.store, workload.identity);
  const [contract, record] = await Promise.all([
    context.store.contracts.active(workload.service),
    context.store.services.get(workload.service),
  ]);
  const attributes = { ...workload.attributes, ...labelsOf(record?.labels ?? {}) };
  refuseUnproved(contract, workload, attributes);
  return issueFor(context, workload, attributes, publicKey);
}

export async function endWorkload(context: Context, peer: AgentPeer, id: string, detail: string): Promise<void> {
  await context.changes.transact(async (tx, note) => {
    await workloadOf(tx, peer, id);
    if (!(await tx.workloads.end(id, context.clock.now()))) return;
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
async function workloadOf(store: Pick<Repositories, 'workloads'>, peer: AgentPeer, id: string): Promise<Workload> {
  const workload = await store.workloads.get(id);
  if (workload === undefined) throw new ServerError('not-found', 'there is no such workload');
  ownWorkload(workload, peer);
  return workload;
}

/** INVARIANT: an agent speaks for its own host's workloads only. */
function ownWorkload(workload: Workload, peer: AgentPeer): void {
  if (workload.host !== peer.host) throw new ServerError('foreign-host', 'this workload runs on another host');
}

export const revokedKey = 'revoked';

export async function revokedIdentities(store: Pick<Store, 'settings'>): Promise<string[]> {
  const value = await store.settings.get(revokedKey);
  return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
}

async function refuseRevoked(store: Pick<Store, 'settings'>, identity: string): Promise<void> {
  if ((await revokedIdentities(store)).includes(identity)) {
    throw new ServerError('forbidden', 'this identity is withdrawn', {
      hint: 'it comes back with `rejoin` or a clean restart',
    });
  }
}

/** What the contract asks of every workload of its service. @throws ServerError `not-attested` */
function refuseUnproved(
  contract: ContractVersion | undefined,
  { identity, service }: Workload,
  attributes: Attributes,
) {
  for (const [name, wanted] of Object.entries(contract?.contract.require ?? {})) {
    const proved: Attributes = {
      ...attributes,
      id: identity,
      service,
      'trust-domain': parseSpiffeId(identity)?.trustDomain ?? '',
    };
    const got = Object.hasOwn(proved, name) ? proved[name] : undefined;
    if (isSatisfied(wanted, got)) continue;
    throw new ServerError(
      'not-attested',
      `the contract of \`${service}\` requires ${name} ${predicateText(wanted)}, and ${got === undefined ? 'it is not proved' : `it is ${printable(got, 100)}`}`,
      { hint: 'run what the contract asks for, or approve another `require`' },
    );
  }
}

/** Labels of the service that contracts may ask for as attributes: administrators give them, no workload does. */
function labelsOf(labels: Labels): Attributes {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => labelAttributes.has(name)));
}

const labelAttributes: ReadonlySet<string> = new Set(
  knownAttributes.flatMap(({ name, source }) => (source === 'labels' ? [name] : [])),
);

function issueFor(
  context: Context,
  { identity: id }: Workload,
  attributes: Attributes,
  publicKey: string,
): z.infer<typeof Issued> {
  return issue(context, id, publicKey, { ttlMs: context.config.svidTtlMs, attributes }).answer;
}

/** Signed into the certificate: attested facts only, and whether the code is the one approved with the contract. */
function attributesOf(attestation: Workload['attestation'], host: string, contract: ContractVersion): Attributes {
  const { clean } = contract;
  const [digest, wanted] =
    attestation.kind === 'process'
      ? [attestation.codeDigest, clean['code']]
      : [attestation.imageConfig, clean['image']];
  const approved = wanted === undefined ? 'not-yet' : wanted === digest ? 'yes' : 'no';
  const facts: Record<string, string> =
    attestation.kind === 'process'
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
          'image-name': attestation.imageName,
          ...(attestation.imageManifest === null ? {} : { manifest: attestation.imageManifest }),
          container: attestation.container,
        };
  return Object.fromEntries(
    Object.entries({ ...facts, host, approved }).map(([name, value]) => [name, printable(value, 250)]),
  );
}
