/** A snapshot made ready for decisions: contracts compiled, lists as sets. Immutable; a new snapshot makes a new one. */
import { messageOf } from '../base/index.js';
import { type CompiledContract, compileContract } from '../contract/index.js';
import { agentId, type Endpoint, type PlaneSnapshot } from '../model/index.js';

export interface Policy {
  readonly revision: number;
  readonly trustDomain: string;
  readonly bundles: PlaneSnapshot['bundles'];
  /** By service. */
  readonly contracts: ReadonlyMap<string, CompiledContract>;
  /** Mutual-TLS endpoints by service; a service that is known but not running has none. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  readonly revoked: ReadonlySet<string>;
  readonly isolated: ReadonlySet<string>;
  /** Contracts that could not be compiled; their services have none. */
  readonly broken: readonly { readonly service: string; readonly why: string }[];
}

/** Compiled contracts are taken over from `previous` where the version is the same. */
export function policyFrom(snapshot: PlaneSnapshot, previous?: Policy): Policy {
  const contracts = new Map<string, CompiledContract>();
  const broken: { service: string; why: string }[] = [];
  for (const version of snapshot.contracts) {
    // Only what was approved is ever in force.
    if (version.state !== 'approved') continue;
    const known = previous?.contracts.get(version.service);
    if (known !== undefined && known.version.version === version.version && known.version.digest === version.digest) {
      contracts.set(version.service, known);
      continue;
    }
    try {
      contracts.set(version.service, compileContract(version));
    } catch (error) {
      broken.push({ service: version.service, why: messageOf(error) });
    }
  }
  const same = previous !== undefined && JSON.stringify(previous.bundles) === JSON.stringify(snapshot.bundles);
  return {
    revision: snapshot.revision,
    trustDomain: snapshot.trustDomain,
    // The same object while nothing changed: TLS contexts and parsed roots are cached by it.
    bundles: same ? previous.bundles : snapshot.bundles,
    contracts,
    endpoints: new Map(snapshot.services.map(({ service, endpoints }) => [service, endpoints])),
    revoked: new Set(snapshot.revoked),
    isolated: new Set(snapshot.isolated),
    broken,
  };
}

/** The identity itself was withdrawn, or the host that vouched for it: what its agent attested no longer counts. */
export function isRevoked(policy: Policy, id: string, host: string | undefined): boolean {
  return policy.revoked.has(id) || (host !== undefined && policy.revoked.has(agentId(policy.trustDomain, host)));
}
