/** What an identity proves, as contracts ask for it: its signed attributes, and what its SPIFFE ID says. */
import type { Proved } from '../contract/index.js';
import { type Attributes, parseSpiffeId, serviceOf } from '../model/index.js';

interface Identity {
  readonly id: string;
  readonly attributes: Attributes;
}

const known = new WeakMap<Identity, Proved>();

/** One object for one certificate: decisions remember what they found out about it. */
export function provedBy(identity: Identity): Proved {
  let proved = known.get(identity);
  if (proved === undefined) {
    const { id, attributes } = identity;
    const [trustDomain, service] = [parseSpiffeId(id)?.trustDomain, serviceOf(id)];
    // Last, so that no attribute takes the place of what the ID itself says.
    proved = Object.freeze({
      ...attributes,
      id,
      ...(trustDomain === undefined ? {} : { 'trust-domain': trustDomain }),
      ...(service === undefined ? {} : { service }),
    });
    known.set(identity, proved);
  }
  return proved;
}
