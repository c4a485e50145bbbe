/** Keeps the map readable: beyond a limit, what lies outside and what is quietest is drawn as one node, and said. */
import type { MapAnswer, MapEdge, MapNode } from '../../../../src/server/api-types.ts';

export interface Drawn {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** How many nodes stand behind the joined ones. */
  readonly joined: number;
}

export function aggregate(answer: Pick<MapAnswer, 'nodes' | 'edges'>, limit = 300): Drawn {
  if (answer.nodes.length <= limit) return { ...answer, joined: 0 };
  const weight = new Map<string, number>();
  for (const edge of answer.edges) {
    const refused = edge.refused * 1_000;
    for (const end of [edge.from, edge.to]) weight.set(end, (weight.get(end) ?? 0) + edge.count + refused);
  }
  // Ours stay longest, then what was refused most, then what is busiest.
  const rank = (node: MapNode) => (node.kind === 'outside' ? 0 : 1e12) + (weight.get(node.id) ?? 0);
  const sorted = answer.nodes.toSorted((a, b) => rank(b) - rank(a) || (a.id < b.id ? -1 : 1));
  const kept = sorted.slice(0, limit - 2);
  const rest = sorted.slice(limit - 2);
  const into = new Map<string, string>();
  for (const node of rest) into.set(node.id, node.kind === 'outside' ? 'joined:outside' : 'joined:ours');
  const joinedNodes = (['joined:outside', 'joined:ours'] as const).flatMap((id) => {
    const members = rest.filter((node) => into.get(node.id) === id);
    return members.length === 0 ? [] : [joinedNode(id, members)];
  });
  const edges = new Map<string, MapEdge>();
  for (const edge of answer.edges) {
    const from = into.get(edge.from) ?? edge.from;
    const to = into.get(edge.to) ?? edge.to;
    if (from === edge.from && to === edge.to) edges.set(edge.id, edge);
    else if (from !== to) {
      const id = `${from}>${to}>${edge.protocol}`;
      const known = edges.get(id);
      edges.set(id, known === undefined ? { ...edge, id, from, to, operations: [], p50Ms: null } : merged(known, edge));
    }
  }
  return { nodes: [...kept, ...joinedNodes], edges: [...edges.values()], joined: rest.length };
}

function joinedNode(id: string, members: readonly MapNode[]): MapNode {
  const outside = id === 'joined:outside';
  return {
    id,
    kind: outside ? 'outside' : 'service',
    label: `${members.length} more ${outside ? 'outside' : 'services'}`,
    service: null,
    identity: null,
    contract: null,
    holds: [],
    hosts: [],
    workloads: members.reduce((sum, { workloads }) => sum + workloads, 0),
    state: outside ? 'outside' : 'running',
    openIncident: members.find(({ openIncident }) => openIncident !== null)?.openIncident ?? null,
  };
}

function merged(a: MapEdge, b: MapEdge): MapEdge {
  return {
    ...a,
    mtls: a.mtls && b.mtls,
    identity: a.identity === b.identity ? a.identity : null,
    count: a.count + b.count,
    ratePerSecond: a.ratePerSecond + b.ratePerSecond,
    refused: a.refused + b.refused,
    wouldRefuse: a.wouldRefuse + b.wouldRefuse,
    lastAt: Math.max(a.lastAt, b.lastAt),
    reasons: [...a.reasons, ...b.reasons].slice(0, 10),
  };
}
