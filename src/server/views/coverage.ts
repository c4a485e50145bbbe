/** Which layers are watched where, by what, with which gaps; and how each service is held. */
import type { z } from 'zod';
import { layers, serviceId } from '../../model/index.js';
import type { CoverageAnswer, CoveredService, HostRow, SocketRow } from '../api/coverage.js';
import { holdsOf } from './holds.js';
import { type HostState, heldBy, isSilent, openIncidentOf, type World } from './world.js';

export function coverageView(world: World): z.infer<typeof CoverageAnswer> {
  const hosts = hostRows(world);
  const services = serviceRows(world);
  const sockets = socketRows(world);
  const reporting = world.hosts.filter((host) => !isSilent(host, world.now));
  const byLayer = layers.map((layer) => {
    const levels = reporting.map((host) => host.coverage[layer].level);
    const level =
      levels.length === 0 || levels.includes('none') ? 'none' : levels.includes('partial') ? 'partial' : 'full';
    const by = [...new Set(reporting.map((host) => host.coverage[layer].by).filter((name) => name !== ''))];
    return { layer, level, by } as const;
  });
  const summary = {
    services: services.length,
    heldOnAll: services.filter((service) => service.heldOnAll).length,
    hosts: hosts.length,
    layersWatched: byLayer.filter(({ level }) => level !== 'none').length,
    lost: hosts.reduce((sum, host) => sum + host.lost, 0),
    bypassable: sockets.filter((socket) => socket.bypassable).length,
    openIncidents: world.incidents.filter((incident) => incident.state === 'open').length,
  };
  return { at: world.now, headline: headline(), summary, layers: byLayer, hosts, services, sockets };

  function headline(): z.infer<typeof CoverageAnswer>['headline'] {
    if (hosts.length === 0) return [{ text: 'No host reports yet. Nothing is watched.', tone: 'bad' }];
    const text: z.infer<typeof CoverageAnswer>['headline'] = [];
    if (services.length === 0) {
      text.push({ text: 'No service is protected yet. Start one with `tricordon run`.', tone: 'plain' });
    } else {
      const all = summary.heldOnAll === services.length;
      text.push({
        text: `${summary.heldOnAll} of ${plural(services.length, 'service')} ${summary.heldOnAll === 1 ? 'is' : 'are'} held on all three layers.`,
        tone: all ? 'good' : 'plain',
      });
    }
    const open = world.incidents.filter((incident) => incident.state === 'open');
    if (open.length > 0)
      text.push({
        text: `${plural(open.length, 'incident')} open: ${open
          .map(({ id }) => id)
          .slice(0, 3)
          .join(', ')}.`,
        tone: 'bad',
      });
    for (const { services: named, layers: at, host, until, by } of world.glass.slice(0, 3)) {
      const where = `${named === null ? 'all services' : some(named)} (${at.join(', ')})${host === null ? '' : ` on ${host}`}`;
      const end = new Date(until).toISOString().slice(11, 16);
      text.push({ text: `${by} broke the glass for ${where} until ${end} UTC.`, tone: 'bad' });
    }
    const around = services.filter((service) => service.holds.some(({ hold }) => hold === 'bypassable'));
    if (around.length > 0) text.push({ text: `${names(around)} can be gone around.`, tone: 'bad' });
    const silent = hosts.filter((host) => host.state !== 'reporting');
    if (silent.length > 0)
      text.push({
        text: `No report from ${silent
          .map(({ host }) => host)
          .slice(0, 3)
          .join(', ')}.`,
        tone: 'bad',
      });
    const apart = world.hosts.filter(({ version }) => version === 'apart').map(({ host }) => host);
    if (apart.length > 0)
      text.push({
        text: `${some(apart)} ${apart.length === 1 ? 'runs' : 'run'} a version too far from the control plane’s and ${apart.length === 1 ? 'is' : 'are'} not heard.`,
        tone: 'bad',
      });
    const behind = world.hosts.filter(({ version }) => version === 'behind').map(({ host }) => host);
    if (behind.length > 0) text.push({ text: `${some(behind)}: one version behind, to be upgraded.`, tone: 'warning' });
    for (const { layer, level } of byLayer)
      if (level === 'none' && reporting.length > 0)
        text.push({ text: `The ${layer === 'api' ? 'API' : layer} layer is not watched everywhere.`, tone: 'warning' });
    const learning = services.filter((service) => service.holds.some(({ hold }) => hold === 'learning'));
    if (learning.length > 0)
      text.push({ text: `${names(learning)} still ${learning.length === 1 ? 'learns' : 'learn'}.`, tone: 'warning' });
    const audit = services.filter((service) =>
      service.holds.some(({ hold }) => hold === 'audit' || hold === 'observed'),
    );
    if (audit.length > 0)
      text.push({
        text: `${names(audit)} ${audit.length === 1 ? 'is' : 'are'} watched but not enforced on every layer.`,
        tone: 'warning',
      });
    if (summary.lost > 0) text.push({ text: `${summary.lost} events were lost.`, tone: 'warning' });
    return text;
  }
}

export function hostRows(world: World): z.infer<typeof HostRow>[] {
  return world.hosts.map((host) => ({
    host: host.host,
    at: host.at,
    state: stateOf(host, world.now),
    version: host.version,
    coverage: host.coverage,
    lost: host.lost,
    workloads: world.workloads.filter((workload) => workload.host === host.host).length,
  }));
}

export function serviceRows(world: World): z.infer<typeof CoveredService>[] {
  return world.services.map((service) => {
    const running = world.workloads.filter((workload) => workload.service === service);
    const holds = holdsOf(world, service);
    return {
      service,
      labels: { ...world.labels.get(service) },
      contract: heldBy(world.active.get(service)),
      proposal: world.proposed.get(service)?.version ?? null,
      hosts: [...new Set(running.map((workload) => workload.host))],
      workloads: running.length,
      identity: serviceId(world.trustDomain, service),
      attributes: running.at(-1)?.attributes ?? {},
      holds,
      heldOnAll: holds.every(({ hold }) => hold === 'enforced'),
      learned: world.learned(service),
      openIncident: openIncidentOf(world, service),
    };
  });
}

export function socketRows(world: World): z.infer<typeof SocketRow>[] {
  return world.hosts.flatMap((host) =>
    host.sockets.map((socket) => ({ ...socket, host: host.host, held: heldBy(world.active.get(socket.service)) })),
  );
}

function stateOf(host: HostState, now: number): z.infer<typeof HostRow>['state'] {
  if (host.at === null) return 'enrolled';
  return isSilent(host, now) ? 'silent' : 'reporting';
}

function names(rows: readonly { service: string }[]): string {
  return some(rows.map(({ service }) => service));
}

function some(all: readonly string[]): string {
  const shown = all.slice(0, 3).join(', ');
  return all.length > 3 ? `${shown} and ${all.length - 3} more` : shown;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
