import { expect, test } from 'vitest';
import type { Incident, Observation, Signal } from '../../model/index.js';
import { touchedBy } from './touched.js';

const observations = new Map<string, Observation>();
let number = 0;

/** A signal of `orders` and the observation behind it. */
function seen(event: Observation['event'], rule = 'contract', outcome: Signal['outcome'] = 'detected'): Signal {
  number += 1;
  const id = `a:b:${number}`;
  const facts = {
    at: number,
    host: 'a',
    layer: 'runtime',
    service: 'orders',
    workload: 'orders-a-1',
    identity: null,
  } as const;
  observations.set(id, { ...facts, id, source: 'bpf', join: { pid: 7 }, event });
  const told = {
    kind: 'rule',
    severity: 'low',
    tactic: 'TA0002',
    technique: null,
    title: '',
    detail: '',
    join: {},
  } as const;
  return { ...facts, ...told, id: `s${number}`, rule, outcome, observation: id };
}
const read = (path: string, rule?: string) => seen({ kind: 'open', path, write: false }, rule);

function graph(...signals: Signal[]) {
  const incident = { services: ['orders'], signals } as unknown as Incident; // all that is looked at
  const { nodes, edges } = touchedBy(incident, observations);
  return {
    files: nodes.filter(({ kind }) => kind === 'file').map(({ label, members }) => ({ label, members })),
    edges: edges.map(({ to, label, refused }) => ({ to, label, refused })),
    nodes,
  };
}

test('three files that one thing read are drawn as one, which names them; two stay', () => {
  const three = graph(read('/a'), read('/b'), read('/c'));
  expect(three.files).toEqual([{ label: '3 files', members: ['/a', '/b', '/c'] }]);
  expect(three.edges).toHaveLength(1);
  expect(graph(read('/a'), read('/b')).files.map(({ label }) => label)).toEqual(['/a', '/b']);
});

test('a file that a rule speaks of is never folded away', () => {
  const { files } = graph(read('/a'), read('/b'), read('/c'), read('/etc/shadow', 'RT-005'));
  expect(files.map(({ label }) => label).toSorted()).toEqual(['/etc/shadow', '3 files']);
});

test('only what was touched in one way folds: refused, written and read are told apart', () => {
  const written = ['/x', '/y', '/z'].map((path) => seen({ kind: 'open', path, write: true }));
  const refused = seen({ kind: 'open', path: '/r', write: false, failed: true, refused: true }, 'contract', 'refused');
  const { edges, files } = graph(read('/a'), read('/b'), read('/c'), ...written, refused);
  expect(files.map(({ members }) => members.length)).toEqual([0, 3, 3]);
  expect(edges.map(({ label, refused: no }) => `${label} ${no}`).toSorted()).toEqual([
    'read false',
    'was refused true',
    'wrote false',
  ]);
});

test('a hostile name stays one line of plain text', () => {
  const { nodes } = graph(read(`/a\u001b[2J\n${'x'.repeat(4_000)}`));
  for (const { id, label } of nodes) {
    expect(`${id}${label}`).not.toMatch(/[\u0000-\u001f]/);
    expect(label.length).toBeLessThanOrEqual(160);
  }
});
