/** The answer to "may it?", with everything needed to explain and replay it. */
import type { Layer, Mode } from './layer.js';

/** Closed list; each is documented in docs/reference/reasons.md. */
export const reasonCodes = [
  'allowed',
  'layer-unmanaged',
  'mode-off',
  'learning',
  'no-contract',
  'no-identity',
  'identity-expired',
  'wrong-trust-domain',
  'caller-not-listed',
  'callee-not-listed',
  'peer-not-listed',
  'port',
  'method',
  'path',
  'executable',
  'file',
  'topic',
  'attribute',
  'claim-missing',
  'claim-value',
  'where',
  'clause-expired',
  'rate',
  'audited',
  'bound',
  'explicit-deny',
  'isolated',
  'malformed',
  'no-route',
  'internal-error',
] as const;
export type ReasonCode = (typeof reasonCodes)[number];

export interface NearestMiss {
  /** The allow clause that failed the fewest predicates. */
  readonly clause: string;
  /** Which predicates failed and what would have satisfied them. */
  readonly failed: readonly { readonly predicate: string; readonly wanted: string; readonly got: string }[];
}

export interface Decision {
  /** `would-deny`: the contract says no, the layer's mode lets it pass. */
  readonly effect: 'allow' | 'would-deny' | 'deny';
  readonly layer: Layer;
  readonly mode: Mode | null;
  readonly contract: string | null;
  readonly version: number | null;
  readonly digest: string | null;
  readonly clause: string | null;
  readonly reason: ReasonCode;
  readonly template?: string | undefined;
  /** Seconds after which it may be allowed again; on a refusal for its rate. */
  readonly retryAfter?: number;
  readonly nearest?: NearestMiss | undefined;
  /** What another version says that decides beside it. */
  readonly shadow?: Pick<Decision, 'version' | 'effect' | 'clause' | 'reason'> | undefined;
}
