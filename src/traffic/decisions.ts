/** Decisions that the data plane itself takes, beside those of the compiled contracts. */
import { portMatcher, refusal } from '../contract/index.js';
import type { ContractVersion, Decision } from '../model/index.js';
import { alpn } from './alpn.js';
import type { HopViolation } from './hop/frames.js';
import type { RefusalCode } from './http1/refusal.js';

/** The same answer for every refusal of the framing layer. */
export const malformed: Decision = refusal('api', 'malformed');

/** The decision behind a framing refusal; the code stands where a contract would name its nearest clause. */
export function malformedBecause(code: RefusalCode): Decision {
  return because('http1', 'unambiguous http/1.1', code);
}

/** The same for a peer that breaks the hop protocol. */
export function malformedFrames(violation: HopViolation): Decision {
  return { ...because('hop', alpn.hop, violation), layer: 'network' };
}

const known = new Map<string, Decision>();

function because(clause: string, wanted: string, got: string): Decision {
  const key = `${clause} ${got}`;
  let decision = known.get(key);
  if (decision === undefined) {
    decision = Object.freeze({ ...malformed, nearest: { clause, failed: [{ predicate: 'framing', wanted, got }] } });
    known.set(key, decision);
  }
  return decision;
}

/** The gateway's own part of a public request: it publishes the service, the callee's contract decides. */
export const published: Decision = Object.freeze({
  effect: 'allow',
  layer: 'api',
  reason: 'allowed',
  mode: null,
  contract: null,
  version: null,
  digest: null,
  clause: null,
});

/**
 * Bytes that are not HTTP, toward a service: they pass where the API layer is unmanaged, off or learning, or says that the
 * port does not speak it; where its operations are managed they would go around the clauses.
 */
export function opaqueDecision(version: ContractVersion, isolated: boolean, port: number): Decision {
  const { contract } = version;
  const mode = contract.mode.api;
  const base = {
    layer: 'api' as const,
    mode,
    contract: version.service,
    version: version.version,
    digest: version.digest,
    clause: null,
  };
  if (isolated) return { ...base, effect: 'deny', reason: 'isolated' };
  if (mode === 'off') return { ...base, effect: 'allow', reason: 'mode-off' };
  if (contract.api?.serves === undefined) return { ...base, effect: 'allow', reason: 'layer-unmanaged' };
  if (contract.api.listeners?.some((one) => one.protocol === 'tcp' && portMatcher([one.port])(port, 'tcp')) === true)
    return { ...base, effect: 'allow', reason: 'layer-unmanaged' };
  if (mode === 'learn') return { ...base, effect: 'would-deny', reason: 'learning' };
  const nearest = { clause: '', failed: [{ predicate: 'protocol', wanted: 'http/1.1', got: 'opaque tcp' }] };
  return { ...base, effect: mode === 'audit' ? 'would-deny' : 'deny', reason: 'method', nearest };
}
