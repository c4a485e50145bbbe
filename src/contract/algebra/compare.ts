/** What one set of contracts allows that another does not: exact, with an example that was tried, or said to be open. */
import { printable } from '../../base/index.js';
import { type Bound, type Contract, type Layer, layers, type Mode } from '../../model/index.js';
import { type ContractSet, type SetMember, versionOf } from '../ask/contract-set.js';
import { compileContract, type CompiledContract } from '../compile/compile.js';
import { Budget, Undecided } from './budget.js';
import { comparedValues, type ValueChange } from './plain-values.js';
import { clausesLeftOut, leftOut, type LeftOut, type Region, regionOf } from './region.js';
import { type Example, layerOf, requestOf } from './request.js';
import { type RightSection, sections, type Source } from './sections.js';

export interface RightDifference {
  readonly change: 'added' | 'removed';
  readonly service: string;
  readonly layer: Layer;
  readonly section: RightSection;
  /** In the new contract for what is added, in the old one for what is removed; `-`: the section was not managed. */
  readonly clause: string;
  /** `different`: the example passes on one side alone, both were asked. `may-differ`: it could not be found out. */
  readonly verdict: 'different' | 'may-differ';
  /** Why it is open; null where it is not. */
  readonly why: string | null;
  readonly example: Example | null;
}

export interface ModeChange {
  readonly service: string;
  readonly layer: Layer;
  readonly from: Mode | null;
  readonly to: Mode | null;
}

export interface Comparison {
  /** `same`: no request is answered otherwise, none is open, and no mode or value changes. */
  readonly verdict: 'same' | 'different' | 'may-differ';
  readonly rights: readonly RightDifference[];
  readonly modes: readonly ModeChange[];
  readonly values: readonly ValueChange[];
  readonly services: { readonly added: readonly string[]; readonly removed: readonly string[] };
}

/**
 * Compares what passes when every layer is enforced; modes are told by themselves. Exact over callers, attributes, claims,
 * methods, typed paths, ports, addresses, names, topics, file patterns and time. Conditions (`where`) and rates are not
 * looked into: what hangs on them is `different` only if an example shows it, else `may-differ`.
 *
 * @param now milliseconds since the epoch: what has ended by then is not compared
 */
export function compareContracts(old: ContractSet, next: ContractSet, now: number): Comparison {
  const services = [...new Set([...old.services, ...next.services])].sort();
  const rights: RightDifference[] = [];
  const modes: ModeChange[] = [];
  const values: ValueChange[] = [];
  for (const service of services) {
    const [before, after] = [old.member(service), next.member(service)];
    if (before !== undefined && after !== undefined && alike(before, after)) continue;
    const [one, other] = [sideOf(service, before), sideOf(service, after)];
    const differences = sections.flatMap((section) => [
      ...lostIn('added', other, one, section, now),
      ...lostIn('removed', one, other, section, now),
    ]);
    rights.push(...differences);
    for (const layer of layers) {
      const [from, to] = [before?.contract.mode[layer] ?? null, after?.contract.mode[layer] ?? null];
      if (from !== to) modes.push({ service, layer, from, to });
    }
    if (before !== undefined && after !== undefined)
      values.push(...comparedValues(service, before.resolved, after.resolved));
  }
  const open = rights.some(({ verdict }) => verdict === 'may-differ');
  const certain = rights.some(({ verdict }) => verdict === 'different') || modes.length + values.length > 0;
  return {
    verdict: certain ? 'different' : open ? 'may-differ' : 'same',
    rights,
    modes,
    values,
    services: {
      added: services.filter((service) => old.member(service) === undefined),
      removed: services.filter((service) => next.member(service) === undefined),
    },
  };
}

/** One contract with its bounds, ready to be compared and to be asked. */
interface Side {
  readonly service: string;
  readonly region: (section: RightSection) => Region;
  /** Every layer enforced: passes or does not. */
  readonly compiled: () => CompiledContract;
}

const enforced = { runtime: 'enforce', network: 'enforce', api: 'enforce' } as const;

/** A service without a contract gets nothing through: the same as one whose every section is empty. */
function sideOf(service: string, member: SetMember | undefined): Side {
  const contract: Contract = member?.resolved ?? {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service,
    mode: enforced,
    runtime: { executables: [], files: [] },
    network: { ingress: [], egress: [] },
    api: { serves: [], calls: [], messages: { publish: [], subscribe: [] } },
  };
  const bounds: readonly Bound[] = member?.bounds ?? [];
  let compiled: CompiledContract | undefined;
  const regions = new Map<RightSection, Region>();
  return {
    service,
    region: (section) => {
      const known = regions.get(section) ?? regionOf(contract, bounds, section);
      regions.set(section, known);
      return known;
    },
    compiled: () => {
      if (member !== undefined && layers.every((layer) => contract.mode[layer] === 'enforce')) return member.compiled;
      compiled ??= compileContract(versionOf({ ...contract, mode: enforced }, ''), bounds);
      return compiled;
    },
  };
}

function alike(one: SetMember, other: SetMember): boolean {
  return (
    one.digest === other.digest &&
    JSON.stringify(one.resolved) === JSON.stringify(other.resolved) &&
    JSON.stringify(one.bounds) === JSON.stringify(other.bounds)
  );
}

/** Examples that are tried for one clause before its question is left open. */
const tries = 24;

function* lostIn(
  change: RightDifference['change'],
  having: Side,
  lacking: Side,
  section: RightSection,
  now: number,
): Generator<RightDifference> {
  const [one, other] = [having.region(section), lacking.region(section)];
  for (const source of clausesLeftOut(one, other)) {
    const found = firstShown(having, lacking, source, section, now);
    if (found === undefined) continue;
    yield { change, service: having.service, layer: layerOf[section], section, clause: source.clause, ...found };
  }
}

type Shown = Pick<RightDifference, 'verdict' | 'why' | 'example'>;

/** A request through this clause that passes on one side and not on the other; undefined: there is none. */
function firstShown(
  having: Side,
  lacking: Side,
  source: Source,
  section: RightSection,
  now: number,
): Shown | undefined {
  let open: Shown | undefined;
  let tried = 0;
  try {
    for (const found of leftOut(having.region(section), source, lacking.region(section), now, new Budget())) {
      const { ask, example } = requestOf(section, having.service, found, now);
      const [passes, passesThere] = [having, lacking].map((side) => ask(side.compiled()).effect !== 'deny');
      if (passes === true && passesThere === false) return { verdict: 'different', why: null, example };
      open ??= { verdict: 'may-differ', why: reasonOf(found), example };
      tried += 1;
      if (tried >= tries) break;
    }
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
    open ??= { verdict: 'may-differ', why: error.message, example: null };
  }
  return open;
}

/** What the answer hangs on that is not looked into. */
function reasonOf({ witness }: LeftOut): string {
  const names = [...witness.keys()];
  const opaque = names.filter((name) => name.startsWith('where ') || name.startsWith('rate '));
  const said = opaque.map((name) =>
    name.startsWith('rate ') ? 'a limit of requests' : `the condition \`${name.slice(6)}\``,
  );
  if (said.length > 0) return printable(`it hangs on ${[...new Set(said)].join(' and ')}`, 512);
  return 'no example shows it: attributes or claims that hang together are asked for one by one';
}
