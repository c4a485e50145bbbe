// Rego compiled to WebAssembly, over an index by exact key. Inputs are encoded before the measuring.
import { readFileSync } from 'node:fs';
import { regoData, regoInput } from '../rego-input.mjs';

export async function load(clauses, require) {
  const { loadPolicy } = require('@open-policy-agent/opa-wasm');
  const data = regoData(clauses);
  const policy = await loadPolicy(readFileSync(new URL('../policy.wasm', import.meta.url)));
  policy.setData(data);
  const encoder = new TextEncoder();
  return {
    prepare: (request) => encoder.encode(JSON.stringify(regoInput(request))).slice().buffer,
    decide: (input) => {
      const [found] = policy.evaluate(input);
      return found === undefined ? { effect: 'deny', clause: null } : { effect: 'allow', clause: found.result };
    },
    clauseOf: ({ clause }) => clause,
  };
}
