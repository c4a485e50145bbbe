// What one busy service does, as observations from a fixed seed: requests in and out, flows, connections, files, programs.
// Beside what teaches there is what must not: refused and failed requests, the socket of a container engine, shells.

export const service = 'orders';
export const callers = ['gateway', 'storefront', 'billing', 'shipping', 'reports'];
const callees = ['payments', 'stock', 'customers'];
const resources = Array.from({ length: 40 }, (_, index) => `resource${String.fromCharCode(97 + (index % 26))}${index}`);
const methods = ['GET', 'GET', 'GET', 'POST', 'PUT'];
const learning = { effect: 'would-deny', contract: service, version: 0, clause: null, reason: 'learning' };
const refused = { ...learning, effect: 'deny', reason: 'explicit-deny' };

/** Kinds with their share of a hundred; `teaches`: whether the learner has to keep something of it. */
const kinds = [
  { share: 55, teaches: true, make: (draw) => request('in', draw(callers), draw, { status: 200 }) },
  { share: 10, teaches: true, make: (draw) => request('out', draw(callees), draw, { status: 204 }) },
  { share: 8, teaches: true, make: (draw) => flow('in', draw(callers), 8_080) },
  { share: 6, teaches: true, make: (draw) => flow('out', draw(callees), 7_004) },
  { share: 5, teaches: true, make: (draw) => connect(`198.51.100.${1 + draw(50)}`) },
  { share: 6, teaches: true, make: (draw) => open(`/app/assets/part${draw(300)}.json`, false) },
  { share: 2, teaches: true, make: (draw) => open(`/var/cache/orders/${draw(300)}.tmp`, true) },
  { share: 2, teaches: true, make: (draw) => exec(draw(['/usr/local/bin/node', '/usr/bin/convert'])) },
  { share: 2, teaches: false, make: (draw) => request('in', draw(callers), draw, { status: 404 }) },
  { share: 2, teaches: false, make: (draw) => request('in', draw(callers), draw, { status: 403, verdict: refused }) },
  { share: 1, teaches: false, make: () => open('/run/docker.sock', false) },
  { share: 1, teaches: false, make: () => exec('/bin/sh') },
];

/**
 * @param {{count: number, ids: number, seed?: number}} size `ids`: how many different values the identifiers in paths have.
 * @returns {{observations: object[], teaching: number}} `teaching`: how many of them teach something.
 */
export function observations({ count, ids, seed = 1 }) {
  const random = generator(seed);
  const draw = (from) => (Array.isArray(from) ? from[Math.floor(random() * from.length)] : Math.floor(random() * from));
  draw.ids = ids;
  let teaching = 0;
  const list = Array.from({ length: count }, (_, index) => {
    const kind = kindAt(draw(100));
    if (kind.teaches) teaching += 1;
    const { layer, event } = kind.make(draw);
    return {
      id: `host-1:b1:${index}`,
      at: 1_700_000_000_000 + index,
      host: 'host-1',
      layer,
      service,
      workload: `orders-host-1-${1 + (index % 3)}`,
      identity: null,
      source: layer === 'runtime' ? 'bpf' : 'sidecar',
      join: {},
      event,
    };
  });
  return { observations: list, teaching };
}

function kindAt(percent) {
  let sum = 0;
  return kinds.find(({ share }) => {
    sum += share;
    return percent < sum;
  });
}

function request(direction, peer, draw, { status, verdict = learning }) {
  const path = `/v1/${draw(resources)}/${1_000 + draw(draw.ids)}`;
  return { layer: 'api', event: { kind: 'request', direction, method: draw(methods), path, peer, status, verdict } };
}

function flow(direction, peer, port) {
  return {
    layer: 'network',
    event: { kind: 'flow', direction, peer, address: '10.0.0.7', port, mtls: true, verdict: learning },
  };
}

function connect(address) {
  return { layer: 'network', event: { kind: 'connect', protocol: 'tcp', address, port: 443 } };
}

function open(path, write) {
  return { layer: 'runtime', event: { kind: 'open', path, write } };
}

function exec(path) {
  return { layer: 'runtime', event: { kind: 'exec', path, args: [path] } };
}

/** Numbers in [0, 1) that are the same on every machine (a linear congruence modulo 2^32, upper bits). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
