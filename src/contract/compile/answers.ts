/** The decisions of one contract at one layer. Allows are made once and frozen; only refusals are made per request. */
import { isOver, momentOf } from './moment.js';
import type { ContractVersion, Decision, Layer, Mode, NearestMiss, ReasonCode } from '../../model/index.js';
import type { Nearest } from './nearest.js';

export interface Denial {
  readonly decision: Decision;
  /** Comes after those that are not. */
  readonly mild: boolean;
  /** undefined: at all times. */
  readonly counts: ((request: { readonly at?: number | undefined }) => boolean) | undefined;
}

export interface Answers {
  readonly mode: Mode;
  /** `mode-off`: the layer is not held at all. */
  readonly off: Decision;
  /** The section is absent. */
  readonly unmanaged: Decision;
  readonly noIdentity: Decision;
  readonly isolated: Decision;
  allow(clause: string, template?: string): Decision;
  /** A clause whose own mode is weaker than its layer's: what matches it passes and is told. */
  audited(clause: string, template?: string): Decision;
  /** One of the two, as the clause says. */
  passing(clause: { readonly id: string; readonly path: string; readonly mode?: string | undefined }): Decision;
  /** What an explicit deny answers, and when: with a milder mode of its own it lets pass until that ends. */
  denials(
    clause: { readonly id: string; readonly mode?: string | undefined; readonly until?: string | undefined },
    template?: string,
  ): readonly Denial[];
  /**
   * No clause allows it. Why is asked of `nearest` when somebody reads it, once: refusals are what an attacker can make us
   * give most often. In learn mode the reason is `learning`, whatever the nearest miss says.
   */
  refuse<R>(nearest: (request: R) => Nearest, request: R): Decision;
}

export function answersFor(version: ContractVersion, layer: Layer): Answers {
  const mode = version.contract.mode[layer];
  const base = { layer, mode, contract: version.service, version: version.version, digest: version.digest } as const;
  const effect = mode === 'enforce' ? 'deny' : 'would-deny';
  const given = (how: Decision['effect'], clause: string, reason: ReasonCode, template?: string): Decision =>
    Object.freeze({ ...base, effect: how, clause, reason, ...(template === undefined ? {} : { template }) });
  const allow = (clause: string, template?: string) => given('allow', clause, 'allowed', template);
  const audited = (clause: string, template?: string) => given('would-deny', clause, 'audited', template);
  return {
    mode,
    off: Object.freeze({ ...base, effect: 'allow', clause: null, reason: 'mode-off' }),
    unmanaged: Object.freeze({ ...base, effect: 'allow', clause: null, reason: 'layer-unmanaged' }),
    // Whatever the mode: learning and auditing are for known callers.
    noIdentity: Object.freeze({ ...base, effect: 'deny', clause: null, reason: 'no-identity' }),
    isolated: Object.freeze({ ...base, effect: 'deny', clause: null, reason: 'isolated' }),
    allow,
    audited,
    passing: ({ id, path, mode: own }) => (own === undefined ? allow(id, path) : audited(id, path)),
    denials: ({ id, mode: own, until }, template) => {
      const made = (how: Decision['effect']) => given(how, id, 'explicit-deny', template);
      const firm = made(effect);
      if (own === undefined) return [{ decision: firm, mild: false, counts: undefined }];
      const end = until === undefined ? undefined : momentOf(until);
      return [
        { decision: firm, mild: false, counts: ({ at }) => isOver(end, at) },
        { decision: made('would-deny'), mild: true, counts: ({ at }) => !isOver(end, at) },
      ];
    },
    refuse: (nearest, request) => new Refused(layer, version, effect, nearest, request),
  };
}

/** Read through its properties or as JSON: a copy by spreading has neither reason nor nearest clause. */
class Refused<R> implements Decision {
  readonly effect: Decision['effect'];
  readonly layer: Layer;
  readonly mode: Mode;
  readonly contract: string;
  readonly version: number;
  readonly digest: string;
  readonly clause = null;
  readonly #explain: (request: R) => Nearest;
  readonly #request: R;
  #nearest: Nearest | undefined;

  constructor(
    layer: Layer,
    version: ContractVersion,
    effect: Decision['effect'],
    explain: (request: R) => Nearest,
    request: R,
  ) {
    this.effect = effect;
    this.layer = layer;
    this.mode = version.contract.mode[layer];
    this.contract = version.service;
    this.version = version.version;
    this.digest = version.digest;
    this.#explain = explain;
    this.#request = request;
  }

  get reason(): ReasonCode {
    return this.mode === 'learn' ? 'learning' : this.#explained().reason;
  }

  get nearest(): NearestMiss | undefined {
    return this.#explained().miss;
  }

  toJSON(): Decision {
    const { effect, layer, mode, contract, version, digest, clause, reason, nearest } = this;
    const base = { effect, layer, mode, contract, version, digest, clause, reason };
    return nearest === undefined ? base : { ...base, nearest };
  }

  #explained(): Nearest {
    this.#nearest ??= this.#explain(this.#request);
    return this.#nearest;
  }
}

/**
 * The answer where no contract speaks: `no-contract` (a service without one gets nothing through), `malformed`,
 * `wrong-trust-domain`, `internal-error` and the like. Always a deny, whatever any mode says.
 */
export function refusal(layer: Layer, reason: ReasonCode): Decision {
  const key = `${layer} ${reason}`;
  const known = refusals.get(key);
  if (known !== undefined) return known;
  const made: Decision = Object.freeze({
    effect: 'deny',
    layer,
    mode: null,
    contract: null,
    version: null,
    digest: null,
    clause: null,
    reason,
  });
  refusals.set(key, made);
  return made;
}

/** Bounded by 3 layers and the closed list of reasons. */
const refusals = new Map<string, Decision>();

export function noContract(layer: Layer): Decision {
  return refusal(layer, 'no-contract');
}

/** Those that are held in full first. */
export function firmFirst(one: { readonly mild: boolean }, other: { readonly mild: boolean }): number {
  return Number(one.mild) - Number(other.mild);
}
