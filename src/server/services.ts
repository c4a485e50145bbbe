/** The nouns' life cycle: a service is known, and has a contract, before anything of it gets an identity or traffic. */
import { z } from 'zod';
import { initialVersion } from '../contract/index.js';
import { type ContractVersion, type Labels, sameLabels } from '../model/index.js';
import type { Repositories, ServiceRecord } from '../store/index.js';
import type { Note } from './changes.js';
import { ServerError } from './errors.js';

export interface ServiceRequest {
  readonly service: string;
  readonly by: string;
  readonly at: number;
  /** Of a new service; of a known one in place of those before. */
  readonly labels?: Labels | undefined;
  /** Throws unless this may be: `now` are its labels, or would be for a new one; `wanted`: what they are to be changed to. */
  readonly permit?: (now: Labels, wanted: Labels | undefined) => void;
}

const Hosts = z.array(z.string());
const hostsKey = (service: string) => `service-hosts/${service}`;

/** INVARIANT: version 0, in `learn`, is approved in the same transaction in which a service becomes known. */
export async function ensureService(
  tx: Repositories,
  note: Note,
  request: ServiceRequest,
): Promise<{ readonly active: ContractVersion; readonly record: ServiceRecord }> {
  const { service, by } = request;
  // Locks the row: of two first starts at once the second sees what the first wrote.
  const { isNew, ...before } = await tx.services.declare(service, request.labels);
  const labels = request.labels ?? before.labels;
  const changed = !sameLabels(labels, before.labels);
  request.permit?.(before.labels, changed ? labels : undefined);
  if (isNew) await tx.audit.append({ actor: by, action: 'service.register', subject: service, detail: { labels } });
  if (changed) await tx.services.setLabels(service, labels, by);
  // Bounds go by labels.
  if (changed) note.revise();
  const record = { ...before, labels };
  const active = await tx.contracts.active(service);
  if (active !== undefined) return { active, record };
  const initial = initialVersion(request.service, request.by, request.at);
  const proposed = await tx.contracts.propose(initial);
  const approved = await tx.contracts.approve(request.service, proposed.version, {
    by: request.by,
    reason: 'first start',
    digest: initial.digest,
  });
  note.revise();
  note.tell('contracts', request.service, 'created');
  return { active: approved, record };
}

/**
 * Whether a host may run a service: one it is registered for, or, for a new name, whoever comes first. The gateway is
 * every host's own. @throws ServerError `service-not-registered`
 */
export async function admitHost(tx: Repositories, service: string, host: string): Promise<void> {
  if (service === 'gateway') return;
  const given = await tx.settings.putIfAbsent(hostsKey(service), [host]);
  if (Hosts.parse(given).includes(host)) return;
  throw new ServerError('service-not-registered', `host \`${host}\` may not run the service \`${service}\``, {
    hint: `somebody who may approve adds it: tricordon agent allow ${host} ${service}`,
  });
}

/** Who may run it; undefined: nobody did yet. */
export async function hostsOf(tx: Repositories, service: string): Promise<string[] | undefined> {
  const hosts = Hosts.safeParse(await tx.settings.get(hostsKey(service)));
  return hosts.success ? hosts.data : undefined;
}

/** Says on which hosts a service may run: those of `set`, or of before, and those of `add`. */
export async function admit(
  tx: Repositories,
  service: string,
  { set, add }: { readonly set: readonly string[] | undefined; readonly add: readonly string[] },
  by: string,
): Promise<string[]> {
  const hosts = [...new Set([...(set ?? (await hostsOf(tx, service)) ?? []), ...add])];
  await tx.settings.put(hostsKey(service), hosts);
  await tx.audit.append({ actor: by, action: 'service.hosts', subject: service, detail: { hosts } });
  return hosts;
}
