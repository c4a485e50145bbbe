/** How each layer of a service is held: the one place that decides what may be shown as green. */
import type { z } from 'zod';
import { type ContractVersion, concerns, type GlassOpening, type Layer, layers } from '../../model/index.js';
import type { Hold } from '../api/common.js';
import { type HostState, isSilent, type World } from './world.js';

type HoldOfLayer = z.infer<typeof Hold>;

/**
 * The weakest link wins. INVARIANT: `enforced` only if the contract enforces the layer, a workload runs, each of its hosts
 * reports, watches the layer in full and refuses at it, and no socket of it can be gone around.
 */
export function holdsOf(world: World, service: string): HoldOfLayer[] {
  const version = world.active.get(service);
  const running = world.workloads.filter((workload) => workload.service === service);
  const hosts = [...new Set(running.map((workload) => workload.host))].map((name) => ({
    name,
    state: world.hosts.find((host) => host.host === name),
  }));
  return layers.map((layer) => ({ layer, ...holdOf(layer) }));

  function holdOf(layer: Layer): Omit<HoldOfLayer, 'layer'> {
    if (version === undefined) return { hold: 'no-contract', reason: 'no contract: nothing gets through' };
    const mode = version.contract.mode[layer];
    if (mode === 'off') return { hold: 'off', reason: `contract v${version.version} switches this layer off` };
    if (!isManaged(version, layer))
      return { hold: 'unmanaged', reason: `contract v${version.version} says nothing about this layer` };
    if (running.length === 0) return { hold: 'unwatched', reason: 'no workload of it runs' };
    const watched = hosts.map(({ name, state }) => watchOf(name, state, layer, world.now));
    const unwatched = watched.find((watch) => watch.level === 'none');
    if (unwatched !== undefined) return { hold: 'unwatched', reason: unwatched.reason };
    const around = layer === 'runtime' ? undefined : bypassOf(world, service);
    if (around !== undefined) return { hold: 'bypassable', reason: around };
    const partial = watched.find((watch) => watch.level === 'partial');
    const note = partial === undefined ? '' : `; ${partial.reason}`;
    if (mode === 'learn') return { hold: 'learning', reason: `learns, lets everything known pass${note}` };
    if (mode === 'audit') return { hold: 'audit', reason: `deviations are noted, not refused${note}` };
    const open = world.glass.find((one) => isOpenFor(one, service, layer, hosts));
    if (open !== undefined)
      return {
        hold: 'audit',
        reason: `the glass is broken until ${new Date(open.until).toISOString().slice(11, 16)} UTC by ${open.by}: deviations are noted, not refused`,
      };
    const unheld = hosts.flatMap(({ name, state }) => unheldAt(name, state, layer, service));
    const [worst] = unheld.toSorted((a, b) => Number(b.hold === 'observed') - Number(a.hold === 'observed'));
    if (worst !== undefined) return worst;
    if (partial !== undefined) return { hold: 'partial', reason: partial.reason };
    return { hold: 'enforced', reason: `contract v${version.version}` };
  }
}

export function isManaged(version: ContractVersion, layer: Layer): boolean {
  return version.contract[layer] !== undefined;
}

function isOpenFor(opening: GlassOpening, service: string, layer: Layer, hosts: readonly { name: string }[]): boolean {
  const here = opening.host === null || hosts.some(({ name }) => name === opening.host);
  return here && concerns(opening, service) && opening.layers.includes(layer);
}

/** The contract enforces this layer, and the host says that it does not refuse for it. */
function unheldAt(
  name: string,
  host: HostState | undefined,
  layer: Layer,
  service: string,
): Omit<HoldOfLayer, 'layer'>[] {
  const found = host?.coverage[layer].unheld?.filter((one) => one.service === service) ?? [];
  return found.map(({ until, reason }) => ({
    hold: until === 'never' ? 'observed' : 'next-start',
    reason: `${name}: ${reason}`,
  }));
}

function bypassOf(world: World, service: string): string | undefined {
  for (const host of world.hosts) {
    const socket = host.sockets.find((candidate) => candidate.service === service && candidate.bypassable);
    if (socket !== undefined)
      return `${socket.address}:${socket.port} on ${host.host} can be gone around: ${socket.reason}`;
  }
  return undefined;
}

function watchOf(
  name: string,
  host: HostState | undefined,
  layer: Layer,
  now: number,
): { level: 'full' | 'partial' | 'none'; reason: string } {
  if (host === undefined) return { level: 'none', reason: `host ${name} is not known` };
  if (isSilent(host, now)) return { level: 'none', reason: `host ${name} does not report` };
  const { level, gaps } = host.coverage[layer];
  const gap = gaps[0]?.what ?? (level === 'none' ? 'nothing watches this layer' : 'not everything is seen');
  return { level, reason: `${name}: ${gap}` };
}
