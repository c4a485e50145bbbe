/** Draws the members of a folded node one by one. Pure. */
import type { Touched } from '../../../../src/server/api-types.ts';

export interface Folded {
  readonly id: string;
  readonly label: string;
  /** Whoever touched them. */
  readonly from: string;
  readonly did: string;
}

/** The nodes that stand for several files. */
export function foldedOf({ nodes, edges }: Touched): Folded[] {
  const labels = new Map(nodes.map(({ id, label }) => [id, label]));
  return nodes
    .filter(({ members }) => members.length > 0)
    .map(({ id, label }) => {
      const edge = edges.find(({ to }) => to === id);
      return { id, label, from: labels.get(edge?.from ?? '') ?? '', did: edge?.label ?? '' };
    });
}

/** The same graph with these nodes taken apart; those that hold nothing are left as they are. */
export function unfold(touched: Touched, opened: ReadonlySet<string>): Touched {
  const apart = touched.nodes.filter(({ id, members }) => opened.has(id) && members.length > 0);
  const members = new Map(apart.map((node) => [node.id, node.members.map((label, index) => ({ label, index }))]));
  const nameOf = (id: string, index: number) => `${id} ${index}`;
  return {
    nodes: touched.nodes.flatMap(
      (node) =>
        members
          .get(node.id)
          ?.map(({ label, index }) => ({ ...node, id: nameOf(node.id, index), label, members: [] })) ?? [node],
    ),
    edges: touched.edges.flatMap(
      (edge) => members.get(edge.to)?.map(({ index }) => ({ ...edge, to: nameOf(edge.to, index) })) ?? [edge],
    ),
  };
}
