/** Takes observations: each row checked, then inserted and queued in one transaction. */
import type { z } from 'zod';
import { messageOf } from '../../base/index.js';
import { gatewayService } from '../../contract/index.js';
import type { Observation } from '../../model/index.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { countRollouts, endRefusing } from '../rollouts.js';
import type { AgentPeer } from './peer.js';
import { ObservationRow, type ObservationsAnswer } from './protocol.js';

export const observationTopic = 'observations';

/** What the rows are checked against; filled on demand, bounded. */
export interface WorkloadDirectory {
  find(id: string): Promise<{ service: string; host: string; identity: string } | undefined>;
}

export function workloadDirectory(store: Context['store'], size = 20_000): WorkloadDirectory {
  const known = new Map<string, { service: string; host: string; identity: string }>();
  return {
    async find(id) {
      const cached = known.get(id);
      if (cached !== undefined) return cached;
      const workload = await store.workloads.get(id);
      if (workload === undefined) return undefined;
      if (known.size >= size) known.clear();
      const { service, host, identity } = workload; // fixed for ever with the id
      known.set(id, { service, host, identity });
      return { service, host, identity };
    },
  };
}

export async function takeObservations(
  context: Context,
  directory: WorkloadDirectory,
  peer: AgentPeer,
  rows: readonly unknown[],
): Promise<z.input<typeof ObservationsAnswer>> {
  context.retention.admit();
  const good = new Map<string, Observation>();
  const reasons: { index: number; reason: string }[] = [];
  let repeated = 0;
  for (const [index, row] of rows.entries()) {
    const parsed = ObservationRow.safeParse(row);
    if (!parsed.success) {
      reasons.push({ index, reason: messageOf(parsed.error.issues[0]?.message ?? 'not an observation') });
      continue;
    }
    const wrong = await checkOrigin(parsed.data, peer, directory);
    if (wrong !== undefined) reasons.push({ index, reason: wrong });
    else if (good.has(parsed.data.id)) repeated += 1;
    else good.set(parsed.data.id, parsed.data);
  }
  const batch = [...good.values()];
  const { accepted, counted } = await context.store.transaction(async (tx) => {
    const ids = new Set(await tx.observations.insert(batch));
    const fresh = batch.filter(({ id }) => ids.has(id));
    await tx.bus.publish(observationTopic, fresh);
    return { accepted: fresh.length, counted: await countRollouts(tx, fresh) };
  });
  await endRefusing(context, counted);
  context.counters.pending += accepted;
  await context.retention.taken(batch);
  context.counters.taken += accepted;
  context.counters.refused += reasons.length;
  if (reasons.length > 0)
    context.log.warn({ host: peer.host, refused: reasons.length, first: reasons[0]?.reason }, 'observations refused');
  return {
    accepted,
    duplicates: batch.length - accepted + repeated,
    refused: reasons.length,
    reasons: reasons.slice(0, 20),
  };
}

/**
 * INVARIANT: a row speaks of the agent's own host and of a workload registered there. @throws ServerError `foreign-host`
 * when it claims another host: an honest agent never does, so nothing of the batch is taken.
 */
async function checkOrigin(
  row: Observation,
  peer: AgentPeer,
  directory: WorkloadDirectory,
): Promise<string | undefined> {
  if (row.host !== peer.host || !row.id.startsWith(`${peer.host}:`))
    throw new ServerError('foreign-host', 'an agent reports for its own host only');
  // The gateway is the host's own and may report before it has an identity.
  if (row.workload === null)
    return row.service === null || row.service === gatewayService ? undefined : 'a service without a workload';
  const workload = await directory.find(row.workload);
  if (workload === undefined) return 'no such workload';
  if (workload.host !== peer.host) throw new ServerError('foreign-host', 'an agent reports for its own host only');
  if (row.service !== workload.service) return 'the workload belongs to another service';
  if (row.identity !== null && row.identity !== workload.identity) return 'the workload has another identity';
  return undefined;
}
