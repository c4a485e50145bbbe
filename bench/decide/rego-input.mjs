// The contract and its requests as the Rego policy takes them: an index by exact key, and paths with their last segment cut out.
import { cut, isTemplated } from './workload.mjs';

/** `literal[method][path][caller]` and `integer[method][head][caller]` are the clause that allows it. */
export function regoData(clauses) {
  const data = { literal: {}, integer: {} };
  for (const { id, method, path, callers } of clauses) {
    const [index, key] = isTemplated(path) ? [data.integer, cut(path).head] : [data.literal, path];
    index[method] ??= {};
    index[method][key] ??= {};
    for (const caller of callers) index[method][key][caller] ??= id;
  }
  return data;
}

export function regoInput({ method, path, caller }) {
  return { method, path, caller, ...cut(path) };
}
