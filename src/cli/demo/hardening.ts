/** The second half of the demo: what this host can refuse is refused from here on. */
import { probe } from '../../base/index.js';
import { holdsRuntime } from '../../contract/index.js';
import { type Layer, layers } from '../../model/index.js';
import type { ActionsAnswer, ContractAnswer, ContractsAnswer, StatusAnswer } from '../../server/index.js';
import type { Api } from '../api.js';
import { settle } from '../settle.js';

/** A layer counts as enforceable where something of ours stands in the way: said by coverage and `doctor`, never guessed. */
export async function enforce(api: Api, say: (line: string) => void): Promise<void> {
  const { contracts } = await api.get<ContractsAnswer>('/v1/contracts');
  const status = await api.get<StatusAnswer>('/v1/status');
  const coverage = status.hosts[0]?.coverage;
  const refusing = await probe('landlock');
  const mode: Partial<Record<Layer, 'enforce'>> = {};
  for (const layer of layers) {
    if (layer === 'runtime' && refusing.status !== 'ok') continue;
    if (coverage?.[layer].level !== 'none') mode[layer] = 'enforce';
  }
  const stays = mode.runtime === undefined ? `; runtime stays in audit: ${refusing.detail}` : '';
  say(`  ${Object.keys(mode).join(' and ')} to enforce${stays}`);
  for (const { service } of contracts.filter((row) => row.service !== 'gateway'))
    await api.post(`/v1/contracts/${service}/mode`, { mode, reason: 'demo: hardening after the incident' });
}

/**
 * The kernel holds a command to its contract from its start on: those that run are started again. Returns those that are
 * held now.
 */
export async function restartHeld(api: Api, say: (line: string) => void): Promise<ReadonlySet<string>> {
  const { contracts } = await api.get<ContractsAnswer>('/v1/contracts');
  const calls = new Map<string, readonly string[]>();
  for (const { service, active } of contracts) {
    if (active === null || active.mode.runtime !== 'enforce') continue;
    const { version } = await api.get<ContractAnswer>(`/v1/contracts/${service}`);
    if (!holdsRuntime(version.contract)) continue;
    const peers = (version.contract.network?.egress ?? []).flatMap(({ to }) => ('service' in to ? [to.service] : []));
    calls.set(service, peers);
  }
  const services = calledFirst(calls);
  if (services.length === 0) return new Set();
  const ids: string[] = [];
  for (const service of services) {
    const { actions } = await api.post<ActionsAnswer>('/v1/actions/plan', { service, kinds: ['restart'] });
    ids.push(...actions.filter((action) => action.applicable).map((action) => action.id));
  }
  await api.post<ActionsAnswer>('/v1/actions/apply', { actions: ids });
  const done = await settle(api, ids, 180_000);
  for (const action of done)
    if (action.status !== 'done') say(`  ${action.service}: ${action.status}, ${action.detail}`);
  const started = new Set(done.flatMap((action) => (action.status === 'done' ? [action.service] : [])));
  const { hosts } = await api.get<StatusAnswer>('/v1/status');
  const refuses = hosts.some(({ coverage }) => coverage?.runtime.by?.includes('Landlock refuses') === true);
  const how = refuses ? 'now held to their runtime contract by the kernel' : 'not held by the kernel, see coverage';
  say(`  ${started.size} of ${services.length} services started again, ${how}`);
  return refuses ? started : new Set();
}

/** Whom others keep connections to comes before them: they meet the new one when they start themselves. */
function calledFirst(calls: ReadonlyMap<string, readonly string[]>): string[] {
  const order = new Set<string>();
  const entered = new Set<string>();
  const enter = (service: string) => {
    if (entered.has(service)) return;
    entered.add(service);
    for (const peer of calls.get(service) ?? []) enter(peer);
    if (calls.has(service)) order.add(service);
  };
  for (const service of calls.keys()) enter(service);
  return [...order];
}
