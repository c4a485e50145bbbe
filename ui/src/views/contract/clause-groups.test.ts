import { expect, it } from 'vitest';
import type { ClauseRow } from '../../../../src/server/api-types.ts';
import { changeCounts, groupsOf } from './clause-groups.ts';

const row = (over: Partial<ClauseRow> = {}): ClauseRow => ({
  layer: 'api',
  section: 'serves',
  declared: null,
  learned: null,
  approved: { clause: 'a', text: 'id: a\npath: /orders' },
  candidate: { clause: 'a', text: 'id: a\npath: /orders' },
  change: 'same',
  evidence: null,
  ...over,
});
const added = row({ change: 'added', approved: null, candidate: { clause: 'b', text: 'id: b\npath: /Refunds' } });
const clauses = [row(), added, row({ layer: 'network', section: 'deny', change: 'removed', candidate: null })];
const shown = (wanted: { changesOnly: boolean; text: string }) =>
  groupsOf({ clauses, sections: [] }, wanted).flatMap(({ layer, sections }) =>
    sections.flatMap(({ section, rows }) => rows.map(({ change }) => `${layer} ${section} ${change}`)),
  );

it('puts every clause under its layer and section, a deny under the layer that it speaks of', () => {
  expect(shown({ changesOnly: false, text: '' })).toEqual([
    'network deny removed',
    'api serves same',
    'api serves added',
  ]);
});

it('shows what would change alone, and what has all the words on any side', () => {
  expect(shown({ changesOnly: true, text: '' })).toEqual(['network deny removed', 'api serves added']);
  expect(shown({ changesOnly: false, text: 'path refunds' })).toEqual(['api serves added']);
  expect(shown({ changesOnly: true, text: 'nothing-of-it' })).toEqual([]);
});

it('keeps how many there are when a filter hides them', () => {
  const api = groupsOf({ clauses, sections: [] }, { changesOnly: true, text: 'x' }).find(
    ({ layer }) => layer === 'api',
  );
  expect(api?.sections[0]).toMatchObject({ section: 'serves', rows: [], total: 2 });
  expect(changeCounts(clauses)).toEqual({ added: 1, removed: 1, changed: 0, same: 1 });
});
