/** What one change in a contract does to what passes: the first request that it lets in, or keeps out. */
import type { Bound, Contract } from '../../model/index.js';
import { grouped } from '../grouped.js';
import { Budget, Undecided } from './budget.js';
import { Overlap } from './overlap.js';
import { clausesLeftOut, type LeftOut, leftOut, type Region, regionOf, throughClauseAlone } from './region.js';
import { type Example, requestOf } from './request.js';
import { allowsOf, type RightSection, type Source } from './sections.js';

/** One section of one contract, prepared for many small changes. */
export class ChangedSection {
  readonly #contract: Contract;
  readonly #bounds: readonly Bound[];
  readonly #section: RightSection;
  readonly #now: number;
  readonly #region: Region;
  readonly #sources: ReadonlyMap<string, readonly Source[]>;
  readonly #overlap: Overlap;

  /** @param contract that stands by itself (`resolveContract`). @param now milliseconds since the epoch */
  constructor(contract: Contract, bounds: readonly Bound[], section: RightSection, now: number) {
    this.#contract = contract;
    this.#bounds = bounds;
    this.#section = section;
    this.#now = now;
    this.#region = regionOf(contract, bounds, section);
    const sources = this.#region.allows?.sources ?? [];
    this.#sources = grouped(sources, ({ clause }) => clause);
    this.#overlap = new Overlap(sources);
  }

  /** Clauses that have something in common with this one. */
  beside(clause: string): ReadonlySet<string> {
    const boxes = (this.#sources.get(clause) ?? []).flatMap((source) => source.boxes());
    return new Set(boxes.flatMap((box) => this.#overlap.beside(box).map((other) => other.clause)));
  }

  /** A request that passes with this clause in the contract and not as it stands; `alone` is a contract of nothing but that clause. */
  gained(alone: Contract): Example | undefined {
    return this.#first(allowsOf(alone, this.#section) ?? [], (source, budget) =>
      leftOut(this.#region, source, this.#region, this.#now, budget),
    );
  }

  /** A request that only this clause lets pass. */
  lost(clause: string): Example | undefined {
    const others = (other: string) => other !== clause;
    return this.#first(this.#sources.get(clause) ?? [], (source, budget) =>
      throughClauseAlone(this.#region, source, this.#overlap, others, this.#now, budget),
    );
  }

  /** A request that passes in the other contract alone, which may differ in any way. */
  gainedIn(changed: Contract): Example | undefined {
    const other = regionOf(changed, this.#bounds, this.#section);
    return this.#first([...clausesLeftOut(other, this.#region)], (source, budget) =>
      leftOut(other, source, this.#region, this.#now, budget),
    );
  }

  /** @throws Undecided where all there is hangs on a condition or a limit */
  #first(
    sources: readonly Source[],
    search: (source: Source, budget: Budget) => Iterable<LeftOut>,
  ): Example | undefined {
    let open = false;
    for (const source of sources) {
      for (const found of search(source, new Budget())) {
        if ([...found.witness.keys()].some((name) => /^(where|rate) /.test(name))) open = true;
        else return requestOf(this.#section, this.#contract.service, found, this.#now).example;
      }
    }
    if (open) throw new Undecided('it hangs on a condition or a limit of requests');
    return undefined;
  }
}
