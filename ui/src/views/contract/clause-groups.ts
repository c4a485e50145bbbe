/** Which clauses are shown, by layer and section. Pure. */
import type { ClauseRow, ReviewAnswer } from '../../../../src/server/api-types.ts';
import { type Layer, layers } from '../../parts/layer.tsx';

export type Section = ClauseRow['section'];
export const sides = ['declared', 'learned', 'approved'] as const;

export interface Group {
  readonly layer: Layer;
  readonly sections: readonly {
    readonly section: Section;
    readonly rows: readonly ClauseRow[];
    /** Before the filter. */
    readonly total: number;
    readonly managed: ReviewAnswer['sections'][number] | undefined;
  }[];
}

/** @param text each of its words must stand in a clause of the row, on any side */
export function groupsOf(
  { clauses, sections }: Pick<ReviewAnswer, 'clauses' | 'sections'>,
  wanted: { readonly changesOnly: boolean; readonly text: string },
): readonly Group[] {
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  return layers.map((layer) => ({
    layer,
    sections: sectionsOf[layer].map((section) => {
      const all = clauses.filter((row) => row.layer === layer && row.section === section);
      return {
        section,
        total: all.length,
        rows: all.filter((row) => (!wanted.changesOnly || isChange(row)) && speaksOf(row, words)),
        managed: sections.find((row) => row.section === section),
      };
    }),
  }));
}

export function isChange({ change }: Pick<ClauseRow, 'change'>): boolean {
  return change !== null && change !== 'same';
}

export function changeCounts(
  clauses: readonly ClauseRow[],
): Readonly<Record<NonNullable<ClauseRow['change']>, number>> {
  const counts = { added: 0, removed: 0, changed: 0, same: 0 };
  for (const { change } of clauses) if (change !== null) counts[change] += 1;
  return counts;
}

const sectionsOf: Readonly<Record<Layer, readonly Section[]>> = {
  runtime: ['executables', 'files', 'mounts', 'deny'],
  network: ['ingress', 'egress', 'deny'],
  api: ['serves', 'calls', 'publish', 'subscribe', 'deny'],
};

function speaksOf(row: ClauseRow, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = [...sides, 'candidate' as const]
    .map((side) => row[side]?.text ?? '')
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
