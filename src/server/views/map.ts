/** Services and what passes between them. */
import type { z } from 'zod';
import { printable } from '../../base/index.js';
import { serviceId } from '../../model/index.js';
import type { MapAnswer, MapEdge, MapNode } from '../api/map.js';
import type { Reach } from '../reach.js';
import { holdsOf } from './holds.js';
import { type EdgeTotals, nodeOf, type TrafficWindow } from './traffic-window.js';
import { heldBy, openIncidentOf, type World } from './world.js';

/** `reach`: an edge is shown when one of its ends is in reach, and the other is then a name. */
export function mapView(
  world: World,
  reach: Reach,
  traffic: TrafficWindow,
  minutes: number,
): z.infer<typeof MapAnswer> {
  const from = world.now - minutes * 60_000;
  const { edges: all, uncounted } = traffic.edges(from, world.now);
  const ours = new Set(world.services.map(nodeOf));
  const edges = reach.services === undefined ? all : all.filter((edge) => ours.has(edge.from) || ours.has(edge.to));
  const seconds = Math.max(1, (world.now - from) / 1_000);
  const ids = new Set(ours);
  for (const edge of edges) ids.add(edge.from).add(edge.to);
  return {
    from,
    to: world.now,
    nodes: [...ids].map((id) => nodeView(world, id)),
    edges: edges.map((edge) => edgeView(edge, seconds)),
    uncounted,
  };
}

function nodeView(world: World, id: string): z.infer<typeof MapNode> {
  const service = id === 'gateway' ? 'gateway' : id.startsWith('service:') ? id.slice('service:'.length) : null;
  if (service === null || (service !== 'gateway' && !world.services.includes(service))) {
    const label = id === 'public' ? 'visitors' : id.replace(/^(outside|service):/, '');
    return {
      id,
      kind: id === 'public' ? 'public' : 'outside',
      label: printable(label, 120),
      service: null,
      identity: null,
      contract: null,
      holds: [],
      hosts: [],
      workloads: 0,
      state: 'outside',
      openIncident: null,
    };
  }
  const running = world.workloads.filter((workload) => workload.service === service);
  return {
    id,
    kind: service === 'gateway' ? 'gateway' : 'service',
    label: service,
    service,
    identity: serviceId(world.trustDomain, service),
    // The gateway is a part of ours: it acts on the contracts of the services behind it and has none of its own.
    contract: service === 'gateway' ? null : heldBy(world.active.get(service)),
    holds: service === 'gateway' ? [] : holdsOf(world, service),
    hosts: [...new Set(running.map((workload) => workload.host))],
    workloads: running.length,
    state: stateOf(),
    openIncident: openIncidentOf(world, service),
  };

  function stateOf(): z.infer<typeof MapNode>['state'] {
    if (world.isolated.has(service ?? '')) return 'isolated';
    if (running.length === 0) return 'stopped';
    if (running.some((workload) => workload.state === 'isolated')) return 'isolated';
    return running.every((workload) => workload.state === 'paused') ? 'paused' : 'running';
  }
}

function edgeView(edge: EdgeTotals, seconds: number): z.infer<typeof MapEdge> {
  const http = edge.requests > 0;
  const count = http ? edge.requests : edge.connections;
  const sorted = edge.durations.toSorted((a, b) => a - b);
  return {
    id: printable(`${edge.from}>${edge.to}`, 400),
    from: edge.from,
    to: edge.to,
    protocol: http ? 'http' : 'tcp',
    // The door for the public is plain by design, and so is whatever lies outside our hold.
    mtls: edge.plain === 0 && edge.identity !== null,
    identity: edge.identity,
    count,
    ratePerSecond: Math.round((count / seconds) * 100) / 100,
    refused: edge.refused,
    wouldRefuse: edge.wouldRefuse,
    p50Ms: sorted[Math.floor((sorted.length - 1) / 2)] ?? null,
    lastAt: edge.lastAt,
    operations: [...edge.operations.values()].toSorted((a, b) => b.count - a.count).slice(0, 20),
    reasons: [...edge.reasons]
      .map(([reason, times]) => ({ reason, count: times }))
      .toSorted((a, b) => b.count - a.count)
      .slice(0, 10),
  };
}
