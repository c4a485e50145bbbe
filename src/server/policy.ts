/** Bases that contracts extend, and bounds that none of them passes. */
import { boundsFor, contractSet, lintContracts, parseContractDocument, resolveContract } from '../contract/index.js';
import { TricordonError } from '../base/index.js';
import { type Base, type Bound, Contract, type Labels } from '../model/index.js';
import type { Repositories } from '../store/index.js';
import { ServerError } from './errors.js';
import { callersFault } from './http/problem.js';

type Stored = Pick<Repositories, 'policies' | 'services'>;

/** A clause that lets pass what a bound does not. */
export interface Beyond {
  readonly clause: string;
  readonly section: string;
  /** One sentence, with an example or the bound's name. */
  readonly message: string;
}

/** @throws ServerError `invalid` with the parser's sentence */
export function parseAs<K extends 'Base' | 'Bound'>(kind: K, text: string): Extract<Base | Bound, { kind: K }> {
  try {
    const document = parseContractDocument(text, kind.toLowerCase());
    if (document.kind === kind) return document as Extract<Base | Bound, { kind: K }>; // its kind says so
    throw new ServerError('invalid', `this is a ${document.kind.toLowerCase()}, not a ${kind.toLowerCase()}`);
  } catch (error) {
    if (error instanceof TricordonError && !(error instanceof ServerError)) throw callersFault('invalid', error);
    throw error;
  }
}

/**
 * The contract as it will be in force: with what it extends, and its exceptions as clauses that end.
 *
 * @throws ServerError `invalid` for a base that is not there or has another digest
 */
export async function resolved({ policies }: Stored, contract: Contract): Promise<Contract> {
  const bases = new Map(
    (await policies.bases()).map((kept) => [keyOf(kept.document.name, kept.document.version), kept]),
  );
  try {
    return resolveContract(contract, (name, version) => bases.get(keyOf(name, version))?.document);
  } catch (error) {
    if (!(error instanceof TricordonError)) throw error;
    throw callersFault('invalid', error);
  }
}

function keyOf(name: string, version: number): string {
  return `${name} ${version}`;
}

/** In force for a service, by what is known of its labels: one that is not known bounds. */
export async function boundsOf(stored: Stored, service: string): Promise<readonly Bound[]> {
  const [kept, record] = await Promise.all([stored.policies.bounds(), stored.services.get(service)]);
  return boundsFor(
    kept.map(({ document }) => document),
    record?.labels ?? {},
  );
}

/** Clauses of a resolved contract that are, wholly or in part, outside of bounds. @param now ms since 1970 */
export function beyondBounds(
  contract: Contract,
  bounds: readonly Bound[],
  labels: Labels,
  now: number,
): readonly Beyond[] {
  if (bounds.length === 0) return [];
  // The bounds apply: that was found out by what the control plane knows, whatever the contract says of itself.
  const { labels: _own, ...plain } = contract;
  const documents = [
    { file: contract.service, document: plain },
    ...bounds.map((bound) => ({ file: bound.name, document: bound })),
  ];
  const set = contractSet(documents, { labels });
  return lintContracts(set, now).flatMap(({ clause, section, kind, message }) =>
    kind === 'bound' || (kind === 'dead' && message.endsWith('outside a bound')) ? [{ clause, section, message }] : [],
  );
}

/** The contract without those clauses. */
export function withoutClauses(contract: Contract, beyond: readonly Beyond[]): Contract {
  const gone = new Set(beyond.map(({ clause }) => clause));
  const keep = <C extends { readonly id: string }>(clauses: readonly C[] | undefined): C[] | undefined =>
    clauses?.filter(({ id }) => !gone.has(id));
  const { runtime, network, api } = contract;
  const left = {
    ...contract,
    ...(runtime && { runtime: { ...runtime, executables: keep(runtime.executables), files: keep(runtime.files) } }),
    ...(network && { network: { ingress: keep(network.ingress), egress: keep(network.egress) } }),
    ...(api && { api: { ...api, serves: keep(api.serves), calls: keep(api.calls) } }),
  };
  // Through JSON: what is undefined is not there, as in every contract.
  return Contract.parse(JSON.parse(JSON.stringify(left)));
}

/** @throws ServerError `conflict` naming them */
export function refuseBeyond(service: string, beyond: readonly Beyond[]): void {
  if (beyond.length === 0) return;
  const named = beyond.slice(0, 5).map(({ clause, message }) => `\`${clause}\` (${message})`);
  const more = beyond.length > named.length ? ` and ${beyond.length - named.length} more` : '';
  throw new ServerError('conflict', `the contract of \`${service}\` is outside of bounds: ${named.join('; ')}${more}`, {
    hint: 'narrow these clauses; a bound has no exceptions, whoever may change bounds can change it',
  });
}

/** What its writer says of the labels must be so: bounds and roles go by them. @throws ServerError `invalid` */
export function refuseOtherLabels({ labels = {}, service }: Contract, known: Labels): void {
  for (const [name, value] of Object.entries(labels)) {
    if (known[name] === value) continue;
    throw new ServerError(
      'invalid',
      `the contract says that \`${service}\` has the label ${name}=${value}, and it ${known[name] === undefined ? 'has none of that name' : `has ${name}=${known[name]}`}`,
      { hint: `tricordon service label ${service} ${name}=${value}` },
    );
  }
}
