/** A snapshot made ready for decisions: contracts compiled, lists as sets. Immutable; a new snapshot makes a new one. */
import { messageOf } from '../base/index.js';
import {
  beside,
  type CompiledContract,
  compileContract,
  loosened,
  nextEnd,
  type Proved,
  selectorTest,
} from '../contract/index.js';
import {
  agentId,
  type ContractVersion,
  type Endpoint,
  layers,
  type PlaneSnapshot,
  type Rollout,
} from '../model/index.js';
import { type Users, usersOf } from './users.js';

export interface Policy {
  readonly revision: number;
  readonly trustDomain: string;
  readonly bundles: PlaneSnapshot['bundles'];
  /** By service; the own one with the version that decides beside it, if there is one. */
  readonly contracts: ReadonlyMap<string, CompiledContract>;
  /** The same without. */
  readonly approved: ReadonlyMap<string, CompiledContract>;
  readonly rollout: Rollout | undefined;
  /** Mutual-TLS endpoints by service; a service that is known but not running has none. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  readonly revoked: ReadonlySet<string>;
  readonly isolated: ReadonlySet<string>;
  readonly bounds: PlaneSnapshot['bounds'];
  readonly users: Users;
  readonly issuers: PlaneSnapshot['users'];
  /** When another policy has to be made, ms since 1970: open glass closes, a clause ends; infinite while neither will. */
  readonly until: number;
  /** Contracts that could not be compiled; their services have none. */
  readonly broken: readonly { readonly service: string; readonly why: string }[];
}

/** Whose process it is: a roll-out is for its own service alone, and for a part of its replicas. */
export interface Own {
  readonly service: string | undefined;
  readonly attributes: Proved | undefined;
}

/** Compiled contracts are taken over from `previous` where the version is the same. @param now ms since 1970 */
export function policyFrom(snapshot: PlaneSnapshot, now: number, previous?: Policy, own?: Own): Policy {
  const open = (snapshot.glass ?? []).filter(({ until }) => until > now);
  const contracts = new Map<string, CompiledContract>();
  const broken: { service: string; why: string }[] = [];
  const sameBounds = JSON.stringify(previous?.bounds) === JSON.stringify(snapshot.bounds);
  for (const approved of snapshot.contracts) {
    // Only what was approved is ever in force.
    if (approved.state !== 'approved') continue;
    const version = loosened(approved, open);
    const known = sameBounds ? previous?.approved.get(version.service) : undefined;
    if (known !== undefined && isSame(known.version, version)) {
      contracts.set(version.service, known);
      continue;
    }
    try {
      contracts.set(version.service, compileContract(version, boundsOf(snapshot, version.service)));
    } catch (error) {
      broken.push({ service: version.service, why: messageOf(error) });
    }
  }
  const approved = new Map(contracts);
  const rollout = rolloutOf(snapshot, own);
  const active = approved.get(own?.service ?? '');
  if (rollout !== undefined && active !== undefined) {
    const { candidate, stage } = rollout;
    const isKnown =
      active === previous?.approved.get(active.service) && JSON.stringify(rollout) === JSON.stringify(previous.rollout);
    const known = isKnown ? previous.contracts.get(active.service) : undefined;
    try {
      const compile = () => compileContract(loosened(candidate, open), boundsOf(snapshot, active.service));
      contracts.set(active.service, known ?? beside(active, compile(), stage.percent));
    } catch (error) {
      broken.push({ service: active.service, why: `version ${candidate.version}: ${messageOf(error)}` });
    }
  }
  const same = previous !== undefined && JSON.stringify(previous.bundles) === JSON.stringify(snapshot.bundles);
  const sameUsers = previous !== undefined && JSON.stringify(previous.issuers) === JSON.stringify(snapshot.users);
  const ends = [...contracts.values()].flatMap(({ version, candidate }) =>
    [version, candidate].map((one) => (one === undefined ? Number.POSITIVE_INFINITY : nextEnd(one.contract, now))),
  );
  return {
    revision: snapshot.revision,
    trustDomain: snapshot.trustDomain,
    // The same object while nothing changed: TLS contexts and parsed roots are cached by it.
    bundles: same ? previous.bundles : snapshot.bundles,
    contracts,
    approved,
    rollout,
    endpoints: new Map(snapshot.services.map(({ service, endpoints }) => [service, endpoints])),
    revoked: new Set(snapshot.revoked),
    isolated: new Set(snapshot.isolated),
    users: sameUsers ? previous.users : usersOf(snapshot.users ?? []),
    issuers: snapshot.users,
    bounds: snapshot.bounds,
    until: Math.min(...open.map(({ until }) => until), ...ends),
    broken,
  };
}

/** Of the own service; where the process is not of those that it is for, the candidate decides beside and holds nothing. */
function rolloutOf({ rollouts = [] }: PlaneSnapshot, own: Own | undefined): Rollout | undefined {
  const rollout = rollouts.find(({ candidate }) => candidate.service === own?.service);
  if (rollout?.stage.on === undefined || selectorTest(rollout.stage.on)(own?.attributes)) return rollout;
  return { ...rollout, stage: { ...rollout.stage, percent: 0 } };
}

function boundsOf({ bounds = [] }: PlaneSnapshot, service: string) {
  return bounds.flatMap(({ bound, services }) => (services.includes(service) ? [bound] : []));
}

/** The modes of a version are others while the glass is open. */
function isSame(a: ContractVersion, b: ContractVersion): boolean {
  const [mode, other] = [a.contract.mode, b.contract.mode];
  return a.version === b.version && a.digest === b.digest && layers.every((layer) => mode[layer] === other[layer]);
}

/** The identity itself was withdrawn, or the host that vouched for it: what its agent attested no longer counts. */
export function isRevoked(policy: Policy, id: string, host: string | undefined): boolean {
  return policy.revoked.has(id) || (host !== undefined && policy.revoked.has(agentId(policy.trustDomain, host)));
}
