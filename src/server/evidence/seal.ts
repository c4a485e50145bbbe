/** Closes a bundle: what the agent collected, and what we know of it, under our signature. */
import type { z } from 'zod';
import { printContract } from '../../contract/index.js';
import type { EvidenceManifest } from '../../model/index.js';
import type { AgentPeer } from '../agents/peer.js';
import type { EvidenceSealed } from '../agents/protocol.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { manifestDigest } from './digest.js';
import { beforeMs, gapsAround } from '../gaps.js';
import { gapRows } from '../views/gaps.js';
import type { Vault } from './vault.js';

const afterMs = 60_000;
const maxObservations = 10_000;

/** @throws ServerError `foreign-host`, `invalid` */
export async function sealEvidence(
  context: Context,
  vault: Vault,
  peer: AgentPeer,
  id: string,
  manifest: EvidenceManifest,
): Promise<z.input<typeof EvidenceSealed>> {
  if (manifest.id !== id) throw new ServerError('invalid', 'the manifest is for another bundle');
  const { store } = context;
  const workload = await store.workloads.get(manifest.workload);
  if (manifest.host !== peer.host || workload === undefined || workload.host !== peer.host)
    throw new ServerError('foreign-host', 'an agent gives evidence of its own host only');
  if (workload.service !== manifest.service)
    throw new ServerError('invalid', 'the workload belongs to another service');
  const sealed = await store.evidence.get(id);
  if (sealed !== undefined) {
    if (sealed.manifest.host !== peer.host) throw new ServerError('foreign-host', 'this bundle is of another host');
    return { id, manifestDigest: manifestDigest(sealed.manifest), files: sealed.manifest.files.length };
  }
  const own = await ownFiles(context, manifest);
  const gaps = await gapsAround(store, manifest.collectedAt, manifest.collectedAt);
  const missing = gapRows(gaps).map(({ sentence }) => ({ what: 'observations', reason: sentence }));
  const whole = { ...manifest, missing: [...manifest.missing, ...missing] };
  const bundle = await vault.seal(peer.host, whole, own, (bytes) => context.authority.evidence.sign(bytes));
  await context.changes.transact(async (tx, note) => {
    await tx.evidence.insert({ manifest: bundle.manifest, signature: bundle.signature, path: bundle.directory });
    note.tell('evidence', id, 'sealed');
    if (manifest.incident !== null) note.tell('incidents', manifest.incident, 'evidence');
  });
  return { id, manifestDigest: bundle.manifestDigest, files: bundle.manifest.files.length };
}

/** The control plane's part: events before and after, the incident, what was done, the contract in force. */
async function ownFiles(
  { store }: Context,
  manifest: EvidenceManifest,
): Promise<{ name: string; what: string; text: string }[]> {
  const { service, incident: number, collectedAt } = manifest;
  const observations = await store.observations.list({
    service,
    since: collectedAt - beforeMs,
    until: collectedAt + afterMs,
    limit: maxObservations,
  });
  const incident = number === null ? undefined : await store.incidents.get(number);
  const actions = await store.actions.list(number === null ? { service } : { incident: number });
  const contract = await store.contracts.active(service);
  const files = [
    {
      name: 'observations.ndjson',
      what: `events of ${service} before and after, as the control plane has them`,
      text: observations
        .toReversed()
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    },
    {
      name: 'actions.json',
      what: 'what was done about it',
      text: `${JSON.stringify(actions, null, 2)}\n`,
    },
  ];
  if (incident !== undefined)
    files.push({
      name: 'incident.json',
      what: 'the incident',
      text: `${JSON.stringify(incident, null, 2)}\n`,
    });
  if (contract !== undefined)
    files.push({
      name: 'contract.yaml',
      what: `contract v${contract.version} in force, ${contract.digest}`,
      text: printContract(contract.contract),
    });
  return files;
}
