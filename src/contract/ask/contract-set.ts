/** Contracts, bases and bounds that belong together, each contract resolved and compiled when it is first asked. */
import type { Base, Bound, Contract, ContractVersion, Labels } from '../../model/index.js';
import { boundsFor } from '../compile/bounds.js';
import { type CompiledContract, compileContract } from '../compile/compile.js';
import { documentDigest } from '../digest.js';
import { ContractError } from '../error.js';
import type { ContractDocument } from '../parse.js';
import { resolveContract } from '../resolve.js';

export interface SetMember {
  /** As it was written. */
  readonly contract: Contract;
  readonly digest: string;
  /** With what it extends and its exceptions. */
  readonly resolved: Contract;
  /** Those that apply. */
  readonly bounds: readonly Bound[];
  readonly compiled: CompiledContract;
  /** As a control plane counts them; null: from a file. */
  readonly version: number | null;
}

export interface SetDocument {
  /** For messages. */
  readonly file: string;
  readonly document: ContractDocument;
  /** Of a contract that comes from a control plane. */
  readonly version?: number;
}

export interface ContractSet {
  readonly services: readonly string[];
  /** @throws ContractError for a contract that cannot be held as it stands */
  member(service: string): SetMember | undefined;
  /** The same contract with something else in its place; for trying a change. */
  memberOf(contract: Contract): SetMember;
}

export interface SetOptions {
  /** What is known of the services beside what their contracts say of themselves. */
  readonly labels?: Labels;
  /** Which bounds apply, where a control plane found that out already; else it goes by labels. */
  readonly bounded?: (bound: Bound, service: string) => boolean;
}

/**
 * Every document once: two contracts of one service, or two bounds of one name, are a conflict unless they are the same.
 *
 * @throws ContractError `contract-conflict`
 */
export function contractSet(documents: readonly SetDocument[], options: SetOptions = {}): ContractSet {
  const contracts = new Map<string, { file: string; document: Contract }>();
  const versions = new Map<string, number>();
  const bases = new Map<string, { file: string; document: Base }>();
  const bounds = new Map<string, { file: string; document: Bound }>();
  for (const { file, document, version } of documents) {
    if (document.kind === 'Contract' && version !== undefined) versions.set(document.service, version);
    if (document.kind === 'Contract') once(contracts, document.service, file, document);
    else if (document.kind === 'Base') once(bases, `${document.name}@${document.version}`, file, document);
    else once(bounds, document.name, file, document);
  }
  const all = [...bounds.values()].map(({ document }) => document);
  const members = new Map<string, SetMember>();
  const memberOf = (contract: Contract): SetMember => {
    const resolved = resolveContract(contract, (name, version) => bases.get(`${name}@${version}`)?.document);
    const digest = documentDigest(contract);
    const applying =
      options.bounded === undefined
        ? boundsFor(all, { ...contract.labels, ...options.labels })
        : all.filter((bound) => options.bounded?.(bound, contract.service));
    return {
      contract,
      digest,
      resolved,
      bounds: applying,
      compiled: compileContract(versionOf(resolved, digest), applying),
      version: versions.get(contract.service) ?? null,
    };
  };
  return {
    services: [...contracts.keys()].sort(),
    member: (service) => {
      const known = members.get(service);
      if (known !== undefined) return known;
      const found = contracts.get(service);
      if (found === undefined) return undefined;
      const made = memberOf(found.document);
      members.set(service, made);
      return made;
    },
    memberOf,
  };
}

function once<D extends ContractDocument>(
  known: Map<string, { readonly file: string; readonly document: D }>,
  name: string,
  file: string,
  document: D,
): void {
  const other = known.get(name);
  if (other !== undefined && documentDigest(other.document) !== documentDigest(document))
    throw new ContractError(
      'contract-conflict',
      `\`${other.file}\` and \`${file}\` say different things of ${document.kind.toLowerCase()} \`${name}\``,
      { hint: 'keep one of them in the set' },
    );
  known.set(name, { file, document });
}

/** Versions are counted by a control plane; from files there is none. */
export function versionOf(contract: Contract, digest: string): ContractVersion {
  return {
    service: contract.service,
    version: 0,
    digest,
    state: 'approved',
    contract,
    origin: 'declared',
    observed: 0,
    proposedBy: '',
    proposedAt: 0,
    decidedBy: null,
    decidedAt: null,
    reason: null,
    clean: {},
  };
}
