import { expect, it } from 'vitest';
import type { Touched } from '../../../../src/server/api-types.ts';
import { foldedOf, unfold } from './unfold.ts';

const touched: Touched = {
  nodes: [
    { id: 'service:orders', kind: 'service', label: 'orders', hot: true, members: [] },
    { id: 'files:x', kind: 'file', label: '3 files', hot: false, members: ['/a', '/b', '/c'] },
    { id: 'file:/d', kind: 'file', label: '/d', hot: false, members: [] },
  ],
  edges: [
    { from: 'service:orders', to: 'files:x', layer: 'runtime', refused: true, label: 'read' },
    { from: 'service:orders', to: 'file:/d', layer: 'runtime', refused: false, label: 'wrote' },
  ],
};

it('names the nodes that stand for several files, with who touched them', () => {
  expect(foldedOf(touched)).toEqual([{ id: 'files:x', label: '3 files', from: 'orders', did: 'read' }]);
});

it('draws each member with the edge of the whole, and the rest as before', () => {
  const { nodes, edges } = unfold(touched, new Set(['files:x']));
  expect(nodes.map(({ label }) => label)).toEqual(['orders', '/a', '/b', '/c', '/d']);
  expect(edges.filter(({ refused, label }) => refused && label === 'read')).toHaveLength(3);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(5);
  for (const { to } of edges) expect(nodes.some(({ id }) => id === to)).toBe(true);
});

it('changes nothing where nothing is opened, or what is opened holds nothing', () => {
  expect(unfold(touched, new Set())).toEqual(touched);
  expect(unfold(touched, new Set(['file:/d', 'gone']))).toEqual(touched);
});
