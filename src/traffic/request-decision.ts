/** One request to our service: who calls, for which user, what of it, and how often. */
import { attributeOf, type CompiledContract, claimOf, type Proved } from '../contract/index.js';
import type { VerifiedPeer } from '../identity/index.js';
import type { Decision, Value } from '../model/index.js';
import { askedBy } from './asked.js';
import type { RequestHead } from './http1/request-head.js';
import { isIsolated, type PlaneState } from './plane-state.js';
import { provedBy } from './proved.js';
import type { DecisionFacts } from './record.js';
import type { UserOfRequest } from './users.js';

type Head = Pick<RequestHead, 'method' | 'path' | 'host' | 'fields'>;

/** @param port of the workload */
export function decideRequest(
  state: PlaneState,
  own: CompiledContract,
  peer: VerifiedPeer,
  head: Head,
  port: number,
): { readonly decision: Decision; readonly facts: DecisionFacts | undefined } {
  const { at } = state;
  const asked = askedBy(own);
  const user = asked.users ? state.policy?.users.userOf(head.fields, at) : undefined;
  const claims = user?.claims ?? null;
  const attributes = provedBy(peer);
  const host = nameIn(head.host);
  const decision = own.decideServe({
    caller: peer.id,
    callerService: peer.service ?? null,
    attributes,
    claims,
    method: head.method,
    path: head.path,
    host,
    port,
    at,
    isolated: isIsolated(state, peer.service),
  });
  const said = decision.effect === 'deny' ? withToken(decision, user) : counted(decision);
  return { decision: said, facts: factsOf(said) };

  function counted(allowed: Decision): Decision {
    const inForce = allowed.version === own.version.version;
    const rate = allowed.clause === null || !inForce ? undefined : asked.rates.get(allowed.clause);
    if (rate === undefined) return allowed;
    const key = rate.keyOf({ caller: peer.id, claims });
    return state.rates.take(allowed.clause ?? '', rate, key, state.context.clock.monotonic()) ? allowed : rate.beyond;
  }

  /** Of what was let through only what the contract asks for: most ask for nothing, and claims are about people. */
  function factsOf({ effect }: Decision): DecisionFacts | undefined {
    const all = effect !== 'allow';
    if (!all && asked.attributes.length === 0 && asked.claims.length === 0) return undefined;
    return {
      attributes: all ? attributes : pick(asked.attributes, (name) => attributeOf(attributes, name)),
      claims: claims === null ? undefined : pick(asked.claims, (name) => claimOf(claims, name)),
      host,
    };
  }
}

function pick(names: readonly string[], find: (name: string) => Value | undefined): Proved {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = find(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

let lastHost = '';
let lastName: string | undefined;

/** `Host` without its port, as names are compared; the same one comes again and again. */
function nameIn(host: string): string | undefined {
  if (host !== lastHost) {
    lastHost = host;
    lastName = host === '' ? undefined : host.replace(/:[0-9]*$/, '').toLowerCase();
  }
  return lastName;
}

/** A token that came and does not count is no missing one: whoever looks the refusal up has to know. */
function withToken(decision: Decision, user: UserOfRequest | undefined): Decision {
  if (user?.why === undefined || decision.nearest === undefined) return decision;
  const { nearest } = decision;
  const got = user.why;
  const failed = nearest.failed.map((miss) => (miss.predicate === 'user' ? { ...miss, got } : miss));
  const { effect, layer, mode, contract, version, digest, clause, reason, shadow } = decision;
  return { effect, layer, mode, contract, version, digest, clause, reason, nearest: { ...nearest, failed }, shadow };
}
