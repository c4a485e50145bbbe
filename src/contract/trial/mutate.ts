/** Which mistakes in a contract no test would notice. */
import type { Contract, Decision } from '../../model/index.js';
import { Undecided } from '../algebra/budget.js';
import { ChangedSection } from '../algebra/changed-clause.js';
import type { Example } from '../algebra/request.js';
import { type RightSection, sections } from '../algebra/sections.js';
import { sidesOf } from '../ask/answer.js';
import type { ContractSet, SetMember } from '../ask/contract-set.js';
import { compileContract, type CompiledContract } from '../compile/compile.js';
import { clausesOf, type PlacedClause, type Section } from '../clauses.js';
import { grouped } from '../grouped.js';
import { type Mutant, mutantsOf } from './mutants.js';
import type { TestResult } from './run-tests.js';

export interface MutantResult {
  readonly service: string;
  readonly section: Section;
  readonly clause: string;
  readonly what: string;
  /**
   * `noticed`: a test answers otherwise. `unnoticed`: none does, and `example` shows what would. `equivalent`: no request is
   * answered otherwise. `open`: it could not be found out whether any is.
   */
  readonly outcome: 'noticed' | 'unnoticed' | 'equivalent' | 'open';
  /** The test that notices it. */
  readonly by: string | null;
  readonly example: Example | null;
}

/** One side of one test, as it is asked again of a changed contract. */
interface AskedSide {
  readonly test: string;
  readonly section: RightSection;
  readonly decision: Decision;
  readonly ask: (contract: CompiledContract) => Decision;
}

/**
 * Each clause of each contract with one mistake in it. Only failing decisions count: a mode is not changed here.
 *
 * @param now milliseconds since the epoch
 */
export function* mutationsOf(set: ContractSet, results: readonly TestResult[], now: number): Generator<MutantResult> {
  for (const service of set.services) {
    const member = set.member(service);
    if (member === undefined) continue;
    const trial = new Trial(member, askedOf(set, service, results), now);
    for (const mutant of mutantsOf(member.resolved)) yield trial.of(mutant);
  }
}

function askedOf(set: ContractSet, service: string, results: readonly TestResult[]): readonly AskedSide[] {
  return results.flatMap(({ name, question }) =>
    (question === undefined ? [] : sidesOf(set, question))
      .filter(({ member }) => member.contract.service === service)
      .map(({ wanted, decision, ask, member }) => ({
        test: name,
        section: wanted.section,
        decision,
        ask: (compiled: CompiledContract) => ask({ ...member, compiled }),
      })),
  );
}

/** One contract and the tests that ask it. */
class Trial {
  readonly #member: SetMember;
  readonly #byClause: ReadonlyMap<string | null, readonly AskedSide[]>;
  readonly #refused: ReadonlyMap<RightSection, readonly AskedSide[]>;
  readonly #sections = new Map<RightSection, ChangedSection>();
  readonly #now: number;

  constructor(member: SetMember, asked: readonly AskedSide[], now: number) {
    this.#member = member;
    this.#byClause = grouped(asked, ({ decision }) => decision.clause);
    this.#refused = grouped(
      asked.filter(({ decision }) => decision.effect !== 'allow'),
      ({ section }) => section,
    );
    this.#now = now;
  }

  of(mutant: Mutant): MutantResult {
    const { section, clause, what } = mutant;
    const result = (
      outcome: MutantResult['outcome'],
      by: string | null = null,
      example: Example | null = null,
    ): MutantResult => ({ service: this.#member.contract.service, section, clause, what, outcome, by, example });
    const by = this.#noticedBy(mutant);
    if (by !== undefined) return result('noticed', by);
    try {
      const example = this.#firstDifference(mutant);
      return example === undefined ? result('equivalent') : result('unnoticed', null, example);
    } catch (error) {
      if (error instanceof Undecided) return result('open');
      throw error;
    }
  }

  /** A clause that is left out matters to tests that it decides; one that takes in more to tests that were refused. */
  #noticedBy({ section, clause, replaced }: Mutant): string | undefined {
    const { resolved } = this.#member;
    const decided = this.#byClause.get(clause) ?? [];
    if (section === 'deny') {
      if (decided.length === 0) return undefined;
      const without = { ...resolved, deny: resolved.deny?.filter(({ id }) => id !== clause) };
      return this.#changes(without, decided);
    }
    const of = section as RightSection;
    if (replaced !== undefined) {
      const refused = this.#refused.get(of) ?? [];
      const taken = refused.length === 0 ? undefined : this.#passes(only(resolved, section, [replaced]), refused);
      if (taken !== undefined || decided.length === 0) return taken;
    }
    if (decided.length === 0) return undefined;
    // Whoever else may let them pass has something in common with it.
    const beside = this.#changed(of).beside(clause);
    const kept = clausesOf(resolved)
      .filter((one) => one.section === section && one.clause.id !== clause && beside.has(one.clause.id))
      .map((one) => one.clause);
    return this.#changes(only(resolved, section, replaced === undefined ? kept : [...kept, replaced]), decided);
  }

  #changes(contract: Contract, asked: readonly AskedSide[]): string | undefined {
    const compiled = this.#compiled(contract);
    return asked.find(({ ask, decision }) => ask(compiled).effect !== decision.effect)?.test;
  }

  #passes(contract: Contract, asked: readonly AskedSide[]): string | undefined {
    const compiled = this.#compiled(contract);
    return asked.find(({ ask }) => ask(compiled).effect === 'allow')?.test;
  }

  #compiled(contract: Contract): CompiledContract {
    return compileContract({ ...this.#member.compiled.version, contract }, this.#member.bounds);
  }

  #firstDifference({ section, clause, replaced }: Mutant): Example | undefined {
    const { resolved } = this.#member;
    if (section === 'deny') {
      const without = { ...resolved, deny: resolved.deny?.filter(({ id }) => id !== clause) };
      for (const one of sections) {
        const example = this.#changed(one).gainedIn(without);
        if (example !== undefined) return example;
      }
      return undefined;
    }
    const changed = this.#changed(section as RightSection);
    if (replaced === undefined) return changed.lost(clause);
    return (
      changed.gained(only(resolved, section, [replaced])) ?? (narrows.has(section) ? changed.lost(clause) : undefined)
    );
  }

  #changed(section: RightSection): ChangedSection {
    const known = this.#sections.get(section);
    if (known !== undefined) return known;
    const { resolved, bounds } = this.#member;
    const made = new ChangedSection(resolved, bounds, section, this.#now);
    this.#sections.set(section, made);
    return made;
  }
}

/** Where a change may take away as well: `write` is not `read`. */
const narrows: ReadonlySet<Section> = new Set(['files']);

/** The same contract with nothing in a section but these clauses. */
function only(contract: Contract, section: Section, clauses: readonly PlacedClause['clause'][]): Contract {
  const { apiVersion, kind, service, mode, deny } = contract;
  const head = { apiVersion, kind, service, mode, deny };
  const parts: Readonly<Record<Exclude<Section, 'deny' | 'mounts'>, object>> = {
    executables: { runtime: { executables: clauses } },
    files: { runtime: { files: clauses, executables: contract.runtime?.executables } },
    ingress: { network: { ingress: clauses } },
    egress: { network: { egress: clauses } },
    serves: { api: { serves: clauses } },
    calls: { api: { calls: clauses } },
    publish: { api: { messages: { publish: clauses } } },
    subscribe: { api: { messages: { subscribe: clauses } } },
  };
  return section === 'deny' || section === 'mounts' ? contract : ({ ...head, ...parts[section] } as Contract);
}
