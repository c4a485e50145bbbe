/** A host that is no longer trusted: its agent, and every identity that it vouched for. */
import { z } from 'zod';
import type { Repositories, Store } from '../../store/index.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { forgetSerials } from './peer.js';

const withdrawnKey = 'withdrawn-hosts';
const Hosts = z.array(z.string());

/**
 * Its agent is refused, its services are nobody's destination any more, and all others refuse what it signed in with:
 * sidecars learn it with their next snapshot. @throws ServerError `not-found`
 */
export async function withdrawHost(context: Context, host: string, by: string): Promise<{ workloads: number }> {
  return context.changes.transact(async (tx, note) => {
    if ((await tx.hosts.get(host)) === undefined)
      throw new ServerError('not-found', `there is no host \`${host}\``, { hint: 'list them with `tricordon status`' });
    await forgetSerials(tx, host);
    await tx.settings.put(withdrawnKey, [...new Set([...(await withdrawnHosts(tx)), host])]);
    await tx.hosts.report(host, { sockets: [], endpoints: [] });
    const running = (await tx.workloads.list({ running: true, limit: 10_000 })).filter((one) => one.host === host);
    for (const { id } of running) await tx.workloads.end(id, context.clock.now());
    await tx.audit.append({ actor: by, action: 'host.withdraw', subject: host, detail: { workloads: running.length } });
    note.revise();
    note.tell('coverage', host, 'withdrawn');
    return { workloads: running.length };
  });
}

/** Enrolled anew, by a token that somebody made for it. */
export async function readmit(tx: Repositories, host: string): Promise<void> {
  const hosts = await withdrawnHosts(tx);
  if (!hosts.includes(host)) return;
  await tx.settings.put(
    withdrawnKey,
    hosts.filter((other) => other !== host),
  );
}

export async function withdrawnHosts(store: Pick<Store, 'settings'>): Promise<string[]> {
  const kept = Hosts.safeParse(await store.settings.get(withdrawnKey));
  return kept.success ? kept.data : [];
}
