/** Declared, learned and approved clauses of one service beside each other, and what a decision would change. */
import type { z } from 'zod';
import { canonicalJson, clausesOf, type PlacedClause, printClause, type Section } from '../../contract/index.js';
import type { Contract } from '../../model/index.js';
import type { ClauseRow, SectionRow } from '../api/contract-review.js';

export interface Sides {
  readonly declared: Contract | null;
  readonly learned: Contract | null;
  readonly approved: Contract | null;
  /** What would be approved next. */
  readonly candidate: Contract | null;
}

type Row = Omit<z.infer<typeof ClauseRow>, 'evidence'>;
type Aligned = { placed: PlacedClause } & { -readonly [Side in keyof Sides]: PlacedClause['clause'] | null };

/** Clauses that speak of the same thing share a row, whatever their ids; in the order of the contract's sections. */
export function clauseRows(sides: Sides): Row[] {
  const rows = new Map<string, Aligned>();
  for (const side of sideNames) {
    const times = new Map<string, number>();
    for (const placed of sides[side] === null ? [] : clausesOf(sides[side])) {
      const subject = subjectOf(placed);
      const time = (times.get(subject) ?? 0) + 1;
      times.set(subject, time);
      const key = `${subject}\n${time}`;
      const row = rows.get(key) ?? { placed, declared: null, learned: null, approved: null, candidate: null };
      row[side] = placed.clause;
      rows.set(key, row);
    }
  }
  return [...rows.values()]
    .sort((left, right) => rank(left.placed) - rank(right.placed))
    .map((row) => ({
      layer: row.placed.layer,
      section: row.placed.section,
      declared: cell(row.declared),
      learned: cell(row.learned),
      approved: cell(row.approved),
      candidate: cell(row.candidate),
      change: sides.candidate === null ? null : changeOf(row),
    }));
}

/** Whether a section is managed at all: one that is absent lets everything pass, one that is empty nothing. */
export function sectionRows(sides: Sides): z.infer<typeof SectionRow>[] {
  const held = (side: Contract | null, section: keyof typeof managed) =>
    side === null ? null : managed[section](side) === undefined ? 'unmanaged' : 'managed';
  const every = [sides.declared, sides.learned, sides.approved, sides.candidate];
  return sections.flatMap((section) =>
    section === 'deny' || (rare.has(section) && every.every((side) => held(side, section) !== 'managed'))
      ? []
      : [
          {
            section,
            declared: held(sides.declared, section),
            learned: held(sides.learned, section),
            approved: held(sides.approved, section),
            candidate: held(sides.candidate, section),
          },
        ],
  );
}

const sideNames = ['approved', 'candidate', 'learned', 'declared'] as const satisfies readonly (keyof Sides)[];

const sections: readonly Section[] = [
  'executables',
  'files',
  'mounts',
  'ingress',
  'egress',
  'serves',
  'calls',
  'publish',
  'subscribe',
  'deny',
];

/** Shown only where some side manages them. */
const rare: ReadonlySet<Section> = new Set(['mounts', 'publish', 'subscribe']);

const managed = {
  executables: ({ runtime }: Contract) => runtime?.executables,
  files: ({ runtime }: Contract) => runtime?.files,
  mounts: ({ runtime }: Contract) => runtime?.mounts,
  ingress: ({ network }: Contract) => network?.ingress,
  egress: ({ network }: Contract) => network?.egress,
  serves: ({ api }: Contract) => api?.serves,
  calls: ({ api }: Contract) => api?.calls,
  publish: ({ api }: Contract) => api?.messages?.publish,
  subscribe: ({ api }: Contract) => api?.messages?.subscribe,
};

/** What a clause speaks of; the rest of it (ports, callers) is what it grants. A deny is all of it. */
const subjects: Readonly<Record<Exclude<Section, 'deny'>, readonly string[]>> = {
  executables: ['path', 'from'],
  files: ['path', 'access'],
  mounts: ['path'],
  ingress: ['from'],
  egress: ['to'],
  serves: ['methods', 'path'],
  calls: ['to', 'methods', 'path'],
  publish: ['broker', 'topic'],
  subscribe: ['broker', 'topic'],
};

function subjectOf({ section, clause }: PlacedClause): string {
  const fields = section === 'deny' ? null : subjects[section];
  return `${section}\n${words(clause, (field) => fields === null || fields.includes(field))}`;
}

function changeOf({ approved, candidate }: Aligned): Row['change'] {
  if (approved === null) return candidate === null ? null : 'added';
  if (candidate === null) return 'removed';
  return words(approved) === words(candidate) ? 'same' : 'changed';
}

/** A clause without its id; the order of a list says nothing. */
function words(clause: PlacedClause['clause'], wanted: (field: string) => boolean = () => true): string {
  const fields = Object.entries(clause).filter(([field]) => field !== 'id' && wanted(field));
  return canonicalJson(
    Object.fromEntries(
      fields.map(([field, value]) => [
        field,
        Array.isArray(value) ? value.map((each) => canonicalJson(each)).sort() : value,
      ]),
    ),
  );
}

function cell(clause: PlacedClause['clause'] | null): Row['approved'] {
  return clause === null ? null : { clause: clause.id, text: printClause(clause) };
}

function rank({ section }: PlacedClause): number {
  return sections.indexOf(section);
}
