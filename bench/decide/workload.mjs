// One made-up service of many clauses and the requests to it, the same for every engine: all follows from the seed.

/** @typedef {{id: string, method: string, path: string, callers: string[]}} Clause `path` may end in `{id:int}`. */
/** @typedef {{method: string, path: string, caller: string}} Request */

const areas = ['orders', 'customers', 'catalogue', 'stock', 'billing', 'shipping', 'returns', 'reviews', 'search'];
const methods = ['GET', 'POST'];
/** One path of so many has a parameter. */
const templated = 4;
/** Of ten requests so many are allowed. */
const allowed = 8;

/**
 * @param {{callers: number, clauses: number, requests: number, seed?: number}} size
 * @returns {{clauses: Clause[], requests: Request[]}}
 */
export function workload({ callers, clauses: count, requests: asked, seed = 1 }) {
  const random = generator(seed);
  const below = (limit) => Math.floor(random() * limit);
  const names = Array.from({ length: callers }, (_, index) => `caller-${index}`);
  const clauses = Array.from({ length: count }, (_, index) => ({
    id: `clause-${index}`,
    method: methods[index % methods.length],
    path: pathOf(Math.floor(index / methods.length)),
    callers: some(names, 1 + below(3), below),
  }));
  const requests = Array.from({ length: asked }, () => {
    const clause = clauses[below(count)];
    const fits = {
      method: clause.method,
      path: filled(clause.path, String(below(1_000_000))),
      caller: clause.callers[below(clause.callers.length)],
    };
    return below(10) < allowed ? fits : refusals[below(refusals.length)](fits, clause, names, below);
  });
  return { clauses, requests };
}

/** What is wrong with a refused request. Some misses do not exist for a clause: then its path is one that nobody serves. */
const refusals = [
  (fits, clause, names, below) => {
    const others = names.filter((name) => !clause.callers.includes(name));
    return others.length === 0 ? unknownPath(fits) : { ...fits, caller: others[below(others.length)] };
  },
  (fits) => ({ ...fits, caller: 'stranger' }),
  (fits) => ({ ...fits, method: 'DELETE' }),
  (fits) => unknownPath(fits),
  (fits, clause) => (isTemplated(clause.path) ? { ...fits, path: filled(clause.path, '12-b') } : unknownPath(fits)),
];

function unknownPath(fits) {
  return { ...fits, path: `${fits.path}/notes` };
}

/** Operations of one path stand together and differ by method. */
function pathOf(index) {
  const base = `/v1/${areas[index % areas.length]}/item-${index}`;
  return index % templated === 1 ? `${base}/{id:int}` : `${base}/summary`;
}

export function isTemplated(path) {
  return path.endsWith('/{id:int}');
}

/** A path with its last segment cut off, and that segment. */
export function cut(path) {
  const slash = path.lastIndexOf('/');
  return { head: path.slice(0, slash), last: path.slice(slash + 1) };
}

function filled(path, value) {
  return path.replace('{id:int}', value);
}

function some(names, count, below) {
  const chosen = new Set();
  while (chosen.size < Math.min(count, names.length)) chosen.add(names[below(names.length)]);
  return [...chosen];
}

/** Numbers in [0, 1) that look random and are the same on every machine (a linear congruence modulo 2^32, upper bits). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
