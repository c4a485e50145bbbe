/**
 * Which evidence goes: older than its days, its incident closed, pinned by nobody. Size alone removes none; at the quota
 * new evidence is refused instead.
 */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, codeOf } from '../../base/index.js';
import type { EvidenceRecord, Store } from '../../store/index.js';
import { manifestDigest } from './digest.js';
import { incomingFolder } from './space.js';

const dayMs = 86_400_000;
/** An upload that nothing came to for so long is given up; so is a folder that no row knows. */
const abandonedMs = dayMs;

export interface Expiry {
  readonly store: Pick<Store, 'evidence' | 'transaction'>;
  readonly directory: string;
  readonly clock: Clock;
  readonly days: number;
}

/** Returns the ids of what went. */
export async function expireEvidence({ store, directory, clock, days }: Expiry): Promise<string[]> {
  const gone: string[] = [];
  for (const record of await store.evidence.expired(clock.now() - days * dayMs)) {
    // The row first: a folder without a row is removed at the next look, a row without its folder would be broken evidence.
    if (await forget(store, record, `older than ${days} days`)) {
      await rm(join(directory, record.manifest.id), { recursive: true, force: true });
      gone.push(record.manifest.id);
    }
  }
  return gone;
}

function forget(store: Expiry['store'], { manifest }: EvidenceRecord, reason: string): Promise<boolean> {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const { id, incident, service, collectedAt } = manifest;
  return store.transaction(async (tx) => {
    // Closed, unpinned: asked again within the transaction, since a person may have been faster.
    if (!(await tx.evidence.remove(id))) return false;
    const detail = {
      incident,
      service,
      files: manifest.files.length,
      bytes,
      manifestDigest: manifestDigest(manifest),
      reason,
    };
    await tx.audit.append({ actor: 'retention', action: 'evidence.remove', subject: id, detail });
    const drop = { store: 'evidence', reason: 'age', rows: 1, bytes, since: collectedAt, until: collectedAt };
    await tx.retention.note([drop]);
    return true;
  });
}

/** Uploads that were never finished, and folders that a crash left behind. Returns how many. */
export async function sweepAbandoned({ store, directory, clock }: Expiry): Promise<number> {
  const before = clock.now() - abandonedMs;
  let swept = 0;
  const incoming = join(directory, incomingFolder);
  for (const host of await namesIn(incoming))
    for (const id of await namesIn(join(incoming, host)))
      if (await removeIfOlder(join(incoming, host, id), before)) swept += 1;
  for (const id of await namesIn(directory)) {
    if (id === incomingFolder || (await store.evidence.get(id)) !== undefined) continue;
    if (await removeIfOlder(join(directory, id), before)) swept += 1;
  }
  return swept;
}

async function removeIfOlder(path: string, before: number): Promise<boolean> {
  if ((await newestIn(path)) >= before) return false;
  await rm(path, { recursive: true, force: true });
  return true;
}

async function newestIn(path: string): Promise<number> {
  const facts = await lstat(path);
  let newest = facts.mtimeMs;
  if (facts.isDirectory())
    for (const name of await readdir(path)) newest = Math.max(newest, await newestIn(join(path, name)));
  return newest;
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
