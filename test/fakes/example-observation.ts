import type { Observation, Verdict } from '../../src/model/index.js';

/** A plausible observation; `number` makes the id, and each is a millisecond after the one before. */
export function observation(number: number, over: Partial<Observation> = {}): Observation {
  return {
    id: `host-a:boot:${number}`,
    at: 1_700_000_000_000 + number,
    host: 'host-a',
    layer: 'runtime',
    service: 'payments',
    workload: 'payments-host-a-00000001',
    identity: 'spiffe://tricordon.local/service/payments',
    source: 'bpftrace',
    join: { pid: 4_000 + (number % 100), start: 100, lineage: [1] },
    event: { kind: 'open', path: `/srv/payments/${number}`, write: false },
    ...over,
  };
}

/** The same, as the data plane reports a request it decided. */
export function decision(number: number, effect: Verdict['effect'], over: Partial<Observation> = {}): Observation {
  return observation(number, {
    layer: 'api',
    source: 'sidecar',
    event: {
      kind: 'request',
      direction: 'in',
      method: 'GET',
      path: `/payments/${number}`,
      verdict: {
        effect,
        contract: 'payments',
        version: 1,
        clause: effect === 'allow' ? 'api-1' : null,
        reason: 'path',
      },
    },
    ...over,
  });
}
