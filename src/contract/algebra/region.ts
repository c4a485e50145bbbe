/** What passes in one section of a contract: its allows, without its denies, within the bounds; and what one has that another has not. */
import type { Bound, Contract } from '../../model/index.js';
import { type Box, lengthsOf, meetBoxes, ofLength } from './box.js';
import type { Budget } from './budget.js';
import { Overlap } from './overlap.js';
import {
  allowsOf,
  denialsOf,
  everything,
  floor,
  floorBeside,
  fromNow,
  type RightSection,
  type Source,
} from './sections.js';
import { uncovered, type Witness } from './uncovered.js';

/** Allows of a contract or a bound; undefined: the section is absent. */
interface Allows {
  /** The same for sections that say the same. */
  readonly key: () => string;
  readonly sources: readonly Source[];
  readonly keys: ReadonlySet<string>;
  readonly overlap: () => Overlap;
}

export interface Region {
  readonly section: RightSection;
  readonly allows: Allows | undefined;
  /** Of the contract and of every bound. */
  readonly denials: readonly Source[];
  readonly denialKeys: ReadonlySet<string>;
  /** Of bounds that have this section, by name. */
  readonly bounds: readonly { readonly name: string; readonly allows: Allows }[];
}

export interface LeftOut {
  readonly clause: string;
  /** Length of its path or topic in words; 0 where there is none. */
  readonly length: number;
  readonly witness: Witness;
}

/** @param contract that stands by itself (`resolveContract`); `bounds` are those that apply to it */
export function regionOf(contract: Contract, bounds: readonly Bound[], section: RightSection): Region {
  const denials = [contract, ...bounds].flatMap((one) => denialsOf(one, section));
  return {
    section,
    allows: allows(allowsOf(contract, section)),
    denials,
    denialKeys: new Set(denials.map(({ key }) => key)),
    bounds: bounds.flatMap((bound) => {
      const of = allows(allowsOf(bound, section));
      return of === undefined ? [] : [{ name: bound.name, allows: of }];
    }),
  };
}

function allows(sources: readonly Source[] | undefined): Allows | undefined {
  if (sources === undefined) return undefined;
  const keys = new Set(sources.map(({ key }) => key));
  let overlap: Overlap | undefined;
  return {
    key: () => [...keys].sort().join('\n'),
    sources,
    keys,
    overlap: () => {
      overlap ??= new Overlap(sources);
      return overlap;
    },
  };
}

/** The clauses through which something passes in `one` and may not in `other`. A clause that stands in both is one only if a deny or a bound differs. */
export function* clausesLeftOut(one: Region, other: Region): Generator<Source> {
  const forbidden = other.denials.some(({ key }) => !one.denialKeys.has(key));
  const bounded = other.bounds.some(({ allows: { key } }) => !one.bounds.some((bound) => bound.allows.key() === key()));
  const all = one.allows?.sources ?? [unmanaged(one.section)];
  for (const source of all) {
    const same = other.allows === undefined || other.allows.keys.has(source.key);
    if (!same || forbidden || bounded) yield source;
  }
  if (one.section === 'files' && one.allows !== undefined && forbidden) yield floor;
}

/**
 * Requests that pass in `one` through this clause and not in `other`, from `now` on (milliseconds since the epoch).
 *
 * @throws Undecided
 */
export function* leftOut(one: Region, source: Source, other: Region, now: number, budget: Budget): Generator<LeftOut> {
  for (const { box, length, avoided } of passing(one, source, other, now, budget)) {
    const found = (witness: Witness): LeftOut => ({ clause: source.clause, length, witness });
    for (const lacking of [
      ...(other.allows === undefined ? [] : [other.allows]),
      ...other.bounds.map((bound) => bound.allows),
    ]) {
      const covering = [...fit(lacking.overlap().beside(box.whole), length), ...box.free, ...avoided];
      for (const witness of uncovered(box.part, covering, budget)) yield found(witness);
    }
    for (const denial of other.denials) {
      if (one.denialKeys.has(denial.key)) continue;
      for (const forbidden of fit(denial.boxes(), length)) {
        for (const witness of uncovered(meetBoxes(box.part, forbidden), avoided, budget)) yield found(witness);
      }
    }
  }
}

/** Requests that pass through this clause at all. */
export function* throughClause(region: Region, source: Source, now: number, budget: Budget): Generator<LeftOut> {
  for (const { box, length, avoided } of passing(region, source, region, now, budget)) {
    for (const witness of uncovered(box.part, avoided, budget)) yield { clause: source.clause, length, witness };
  }
}

/** Requests that this clause takes in and none of `others` does. */
export function* throughClauseAlone(
  region: Region,
  source: Source,
  others: Overlap,
  counts: (clause: string) => boolean,
  now: number,
  budget: Budget,
): Generator<LeftOut> {
  for (const { box, length, avoided } of passing(region, source, region, now, budget)) {
    const covering = others.beside(box.whole).filter(({ clause }) => counts(clause));
    for (const witness of uncovered(box.part, [...fit(covering, length), ...avoided], budget))
      yield { clause: source.clause, length, witness };
  }
}

interface Passing {
  readonly box: { readonly whole: Box; readonly part: Box; readonly free: readonly Box[] };
  readonly length: number;
  /** What is forbidden there. */
  readonly avoided: readonly Box[];
}

/** The parts of a clause that are within the bounds, one length of path at a time; `beside` says which lengths matter. */
function* passing(region: Region, source: Source, beside: Region, now: number, budget: Budget): Generator<Passing> {
  const { section } = region;
  const all = everything(section);
  for (const whole of source.boxes()) {
    const free = section === 'files' ? floorBeside(source === floor ? '/**' : patternOf(whole)) : [];
    const denials = [...region.denials, ...beside.denials].flatMap((denial) => denial.boxes());
    const bounding = [...region.bounds, ...beside.bounds].flatMap((bound) => bound.allows.overlap().beside(whole));
    const others = [...(beside.allows?.overlap().beside(whole) ?? []), ...denials, ...bounding];
    for (const kind of all) {
      for (const length of lengthsOf(whole.words === undefined ? kind : whole, others)) {
        const [fitting] = fit([whole], length);
        const [domain] = fit([kind], length);
        if (fitting === undefined || domain === undefined) continue;
        const [name, from] = fromNow(now);
        let parts = [meetBoxes(meetBoxes(fitting, domain), { clause: '-', dimensions: new Map([[name, from]]) })];
        for (const bound of region.bounds) {
          const within = [...fit(bound.allows.overlap().beside(whole), length), ...free];
          budget.spend(parts.length * within.length);
          parts = parts.flatMap((part) => within.map((limit) => meetBoxes(part, limit)));
        }
        const avoided = fit(
          region.denials.flatMap((denial) => denial.boxes()),
          length,
        );
        for (const part of parts) yield { box: { whole, part, free }, length, avoided };
      }
    }
  }
}

function patternOf(box: Box): string {
  const [pattern] = box.dimensions.get('file')?.hints ?? [];
  return typeof pattern === 'string' ? pattern : '/**';
}

function fit(boxes: readonly Box[], length: number): readonly Box[] {
  return boxes.flatMap((box) => ofLength(box, length) ?? []);
}

function unmanaged(section: RightSection): Source {
  const [first] = everything(section);
  const box: Box = {
    clause: '-',
    dimensions: new Map(),
    ...(first?.words === undefined ? {} : { words: first.words }),
  };
  return { clause: '-', key: 'everything', boxes: () => [box] };
}
