// Finds the clause that a request is about, for engines that are asked about one route at a time: slicing that a host
// would do for them. Whether the caller is allowed is left to the engine.
import { cut, isTemplated } from './workload.mjs';

const integer = /^[0-9]{1,20}$/;

export function routeIndex(clauses) {
  const literal = new Map();
  const templated = new Map();
  for (const { id, method, path } of clauses) {
    if (isTemplated(path)) templated.set(`${method} ${cut(path).head}`, id);
    else literal.set(`${method} ${path}`, id);
  }
  return ({ method, path }) => {
    const found = literal.get(`${method} ${path}`);
    if (found !== undefined) return found;
    const { head, last } = cut(path);
    return integer.test(last) ? templated.get(`${method} ${head}`) : undefined;
  };
}
