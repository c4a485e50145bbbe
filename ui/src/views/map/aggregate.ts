/** Keeps the picture readable: beyond a few hundred nodes the quiet ones are folded; the tables always list them all. */
import type { MapAnswer, MapEdge, MapNode } from '../../../../src/server/api-types.ts';

export interface Picture {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** How many nodes stand folded behind others. */
  readonly folded: number;
}

export const maxNodes = 300;

/**
 * First all addresses outside become one node; if that is not enough, the quietest services do. What has an incident or
 * was refused something is never folded away.
 */
export function aggregate(answer: Pick<MapAnswer, 'nodes' | 'edges'>, limit = maxNodes): Picture {
  const { nodes, edges } = answer;
  if (nodes.length <= limit) return { nodes, edges, folded: 0 };
  const into = new Map<string, string>();
  const outside = nodes.filter(({ kind }) => kind === 'outside');
  if (outside.length > 1) for (const { id } of outside) into.set(id, 'folded:outside');
  const left = nodes.length - into.size + (into.size > 0 ? 1 : 0);
  if (left > limit) {
    const weight = weights(edges);
    const quiet = nodes
      .filter(({ kind, openIncident }) => kind === 'service' && openIncident === null)
      .toSorted((a, b) => (weight.get(a.id) ?? 0) - (weight.get(b.id) ?? 0));
    for (const { id } of quiet.slice(0, left - limit + 1)) into.set(id, 'folded:services');
  }
  const kept = nodes.filter(({ id }) => !into.has(id));
  const folds = [...new Set(into.values())].map((id) =>
    foldNode(id, [...into.values()].filter((to) => to === id).length),
  );
  return { nodes: [...kept, ...folds], edges: foldEdges(edges, into), folded: into.size };
}

function foldNode(id: string, many: number): MapNode {
  const outside = id === 'folded:outside';
  return {
    id,
    kind: outside ? 'outside' : 'service',
    label: outside ? `${many} addresses outside` : `${many} quieter services`,
    service: null,
    identity: null,
    contract: null,
    holds: [],
    hosts: [],
    workloads: 0,
    state: outside ? 'outside' : 'running',
    openIncident: null,
  };
}

function foldEdges(edges: readonly MapEdge[], into: ReadonlyMap<string, string>): MapEdge[] {
  const merged = new Map<string, MapEdge>();
  for (const edge of edges) {
    const from = into.get(edge.from) ?? edge.from;
    const to = into.get(edge.to) ?? edge.to;
    if (from === edge.from && to === edge.to) {
      merged.set(edge.id, edge);
      continue;
    }
    if (from === to) continue;
    const id = `${from}>${to}>${edge.protocol}`;
    const known = merged.get(id);
    merged.set(
      id,
      known === undefined
        ? { ...edge, id, from, to, identity: null, p50Ms: null, operations: [], reasons: [] }
        : {
            ...known,
            mtls: known.mtls && edge.mtls,
            count: known.count + edge.count,
            ratePerSecond: known.ratePerSecond + edge.ratePerSecond,
            refused: known.refused + edge.refused,
            wouldRefuse: known.wouldRefuse + edge.wouldRefuse,
            lastAt: Math.max(known.lastAt, edge.lastAt),
          },
    );
  }
  return [...merged.values()];
}

/** Traffic and trouble of each node: refusals count far more than requests. */
function weights(edges: readonly MapEdge[]): Map<string, number> {
  const weight = new Map<string, number>();
  for (const edge of edges) {
    const value = edge.count + 1e9 * (edge.refused + edge.wouldRefuse);
    weight.set(edge.from, (weight.get(edge.from) ?? 0) + value);
    weight.set(edge.to, (weight.get(edge.to) ?? 0) + value);
  }
  return weight;
}
