/** One request to our service: who calls, for which user, what of it, and how often. */
import type { CompiledContract } from '../contract/index.js';
import type { VerifiedPeer } from '../identity/index.js';
import type { Decision } from '../model/index.js';
import { askedBy } from './asked.js';
import type { RequestHead } from './http1/request-head.js';
import { isIsolated, type PlaneState } from './plane-state.js';
import { provedBy } from './proved.js';
import type { UserOfRequest } from './users.js';

type Head = Pick<RequestHead, 'method' | 'path' | 'host' | 'fields'>;

/** @param port of the workload */
export function decideRequest(
  state: PlaneState,
  own: CompiledContract,
  peer: VerifiedPeer,
  head: Head,
  port: number,
): Decision {
  const at = state.limits.now();
  const asked = askedBy(own);
  const user = asked.users ? state.policy?.users.userOf(head.fields, at) : undefined;
  const claims = user?.claims ?? null;
  const decision = own.decideServe({
    caller: peer.id,
    callerService: peer.service ?? null,
    attributes: provedBy(peer),
    claims,
    method: head.method,
    path: head.path,
    host: nameIn(head.host),
    port,
    at,
    isolated: isIsolated(state, peer.service),
  });
  if (decision.effect === 'deny') return withToken(decision, user);
  const rate = decision.clause === null ? undefined : asked.rates.get(decision.clause);
  if (rate === undefined) return decision;
  const key = rate.keyOf({ caller: peer.id, claims });
  return state.rates.take(decision.clause ?? '', rate, key, state.context.clock.monotonic()) ? decision : rate.beyond;
}

/** `Host` without its port, as names are compared. */
function nameIn(host: string): string | undefined {
  return host === '' ? undefined : host.replace(/:[0-9]*$/, '').toLowerCase();
}

/** A token that came and does not count is no missing one: whoever looks the refusal up has to know. */
function withToken(decision: Decision, user: UserOfRequest | undefined): Decision {
  const { nearest } = decision;
  if (user?.why === undefined || nearest === undefined) return decision;
  const got = user.why;
  const failed = nearest.failed.map((miss) => (miss.predicate === 'user' ? { ...miss, got } : miss));
  return { ...decision, nearest: { ...nearest, failed } };
}
