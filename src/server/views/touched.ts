/** Who touched what: drawn from the observations behind an incident's signals. */
import type { z } from 'zod';
import { printable } from '../../base/index.js';
import type { Incident, Observation, Signal } from '../../model/index.js';
import type { Touched } from '../api/incidents.js';

type Graph = z.infer<typeof Touched>;
const maxNodes = 60;
const maxKnown = 600;
/** From how many on the files that one thing touched in one way are drawn as one. */
const foldFrom = 3;

export function touchedBy(incident: Incident, observations: ReadonlyMap<string, Observation>): Graph {
  const nodes = new Map<string, Graph['nodes'][number]>();
  const edges = new Map<string, Graph['edges'][number]>();
  /** Files a rule speaks of (a credential): never folded away. */
  const named = new Set<string>();
  for (const signal of incident.signals) {
    const observation = observations.get(signal.observation);
    if (observation !== undefined && observation.service !== null) add(signal, observation, observation.service);
  }
  return bounded(foldFiles({ nodes: [...nodes.values()], edges: [...edges.values()] }, named));

  function add(signal: Signal, { event, join }: Observation, service: string): void {
    const home = node(service === 'gateway' ? 'gateway' : 'service', service, incident.services.includes(service));
    // A process of its own only where something was started in it: the service's own process is the service.
    const here = join.pid !== undefined && nodes.has(`process:${join.pid}`) ? `process:${join.pid}` : home;
    switch (event.kind) {
      case 'exec': {
        const parent = join.ppid !== undefined && nodes.has(`process:${join.ppid}`) ? `process:${join.ppid}` : home;
        const label = `${event.path.split('/').at(-1) ?? event.path} (pid ${join.pid ?? '?'})`;
        if (event.refused === true) edge(signal, here, node('file', event.path, false), 'was refused');
        else edge(signal, parent, node('process', label, true, `process:${join.pid ?? event.path}`), 'started');
        return;
      }
      case 'open': {
        const file = node('file', event.path, false);
        if (signal.rule !== 'contract') named.add(file);
        edge(signal, here, file, event.refused === true ? 'was refused' : event.write ? 'wrote' : 'read');
        return;
      }
      case 'connect':
      case 'accept':
        edge(signal, here, node('peer', `${event.address}:${event.port}`, false), event.kind);
        return;
      case 'flow':
      case 'request': {
        const label = event.kind === 'request' ? `${event.method} ${event.path}` : 'tcp';
        const address =
          event.kind === 'flow' ? `${event.address}:${event.port}` : (join.socket?.peer.address ?? 'unknown');
        const other = otherEnd(event.peer, service, event.direction, address);
        if (event.direction === 'in') edge(signal, other, home, label);
        else edge(signal, here, other, label);
        return;
      }
      case 'stdio-socket':
      case 'denied-syscall':
      case 'exit':
      case 'sensor':
        return;
    }
  }

  function otherEnd(peer: string | undefined, service: string, direction: 'in' | 'out', address: string): string {
    if (peer !== undefined)
      return node(peer === 'gateway' ? 'gateway' : 'service', peer, incident.services.includes(peer));
    return direction === 'in' && service === 'gateway'
      ? node('outside', 'visitors', false)
      : node('peer', address, false);
  }

  function node(kind: Graph['nodes'][number]['kind'], label: string, hot: boolean, key?: string): string {
    const id = printable(key ?? `${kind}:${label}`, 300);
    const known = nodes.get(id);
    if (known === undefined && nodes.size < maxKnown)
      nodes.set(id, { id, kind, label: printable(label, 120), hot, members: [] });
    return id;
  }

  function edge(signal: Signal, from: string, to: string, label: string): void {
    if (from === to || !nodes.has(from) || !nodes.has(to)) return;
    const key = `${from}>${to}>${signal.layer}`;
    const known = edges.get(key);
    if (known === undefined)
      edges.set(key, {
        from,
        to,
        layer: signal.layer,
        refused: signal.outcome === 'refused',
        label: printable(label, 120),
      });
    else edges.set(key, { ...known, refused: known.refused || signal.outcome === 'refused' });
  }
}

function foldFiles({ nodes, edges }: Graph, named: ReadonlySet<string>): Graph {
  const files = new Map(
    nodes.filter(({ id, kind }) => kind === 'file' && !named.has(id)).map((node) => [node.id, node]),
  );
  const touches = new Map<string, number>();
  for (const { to } of edges) touches.set(to, (touches.get(to) ?? 0) + 1);
  const groups = new Map<string, Graph['edges']>();
  for (const edge of edges) {
    if (!files.has(edge.to) || touches.get(edge.to) !== 1) continue;
    const key = `${edge.from} ${edge.label} ${edge.layer} ${edge.refused}`;
    groups.set(key, [...(groups.get(key) ?? []), edge]);
  }
  let folded: Graph = { nodes, edges };
  for (const [key, group] of groups) {
    const [first] = group;
    if (first === undefined || group.length < foldFrom) continue;
    const gone = new Set(group.map(({ to }) => to));
    const members = [...gone].flatMap((id) => files.get(id)?.label ?? []);
    const id = printable(`files:${key}`, 300);
    folded = {
      nodes: [
        ...folded.nodes.filter((node) => !gone.has(node.id)),
        { id, kind: 'file', label: `${members.length} files`, hot: false, members },
      ],
      edges: [...folded.edges.filter(({ to }) => !gone.has(to)), { ...first, to: id }],
    };
  }
  return folded;
}

function bounded({ nodes, edges }: Graph): Graph {
  const kept = new Set(nodes.slice(0, maxNodes).map(({ id }) => id));
  return {
    nodes: nodes.slice(0, maxNodes),
    edges: edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
}
