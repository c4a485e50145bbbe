/** Two versions of one contract: both decide about everything, one of them is held, and the decision tells of the other. */
import type { Decision, NearestMiss, ReasonCode } from '../../model/index.js';
import type { CompiledContract } from './compile.js';

/** @param percent of what is asked, 0 to 100: there the candidate is held instead, in turn and not at random */
export function beside(active: CompiledContract, candidate: CompiledContract, percent: number): CompiledContract {
  const both = <R>(one: (request: R) => Decision, other: (request: R) => Decision): ((request: R) => Decision) => {
    let turn = 0;
    return (request) => {
      const [ours, theirs] = [one(request), other(request)];
      turn += percent;
      if (turn < 100) return paired(ours, theirs);
      turn -= 100;
      return paired(theirs, ours);
    };
  };
  return {
    service: active.service,
    version: active.version,
    candidate: candidate.version,
    decideServe: both(active.decideServe, candidate.decideServe),
    decideCall: both(active.decideCall, candidate.decideCall),
    decideIngress: both(active.decideIngress, candidate.decideIngress),
    decideEgress: both(active.decideEgress, candidate.decideEgress),
    decideExec: both(active.decideExec, candidate.decideExec),
    decideFile: both(active.decideFile, candidate.decideFile),
    decidePublish: both(active.decidePublish, candidate.decidePublish),
    decideSubscribe: both(active.decideSubscribe, candidate.decideSubscribe),
  };
}

/** Of two that are made once (allows are) the pair is made once, too. */
const pairs = new WeakMap<Decision, WeakMap<Decision, Decision>>();

function paired(held: Decision, shadow: Decision): Decision {
  if (!Object.isFrozen(held) || !Object.isFrozen(shadow)) return new Paired(held, shadow);
  let known = pairs.get(held);
  if (known === undefined) {
    known = new WeakMap();
    pairs.set(held, known);
  }
  let pair = known.get(shadow);
  if (pair === undefined) {
    pair = Object.freeze({ ...held, shadow: Object.freeze(saidBy(shadow)) });
    known.set(shadow, pair);
  }
  return pair;
}

function saidBy({ version, effect, clause, reason }: Decision) {
  return { version, effect, clause, reason };
}

/** Where one of the two is a refusal, whose reason is worked out when it is read. */
class Paired implements Decision {
  readonly effect: Decision['effect'];
  readonly layer: Decision['layer'];
  readonly mode: Decision['mode'];
  readonly contract: string | null;
  readonly version: number | null;
  readonly digest: string | null;
  readonly clause: string | null;
  readonly #held: Decision;
  readonly #shadow: Decision;

  constructor(held: Decision, shadow: Decision) {
    this.effect = held.effect;
    this.layer = held.layer;
    this.mode = held.mode;
    this.contract = held.contract;
    this.version = held.version;
    this.digest = held.digest;
    this.clause = held.clause;
    this.#held = held;
    this.#shadow = shadow;
  }

  get reason(): ReasonCode {
    return this.#held.reason;
  }

  get nearest(): NearestMiss | undefined {
    return this.#held.nearest;
  }

  get template(): string | undefined {
    return this.#held.template;
  }

  get shadow() {
    return saidBy(this.#shadow);
  }

  toJSON(): Decision {
    const { effect, layer, mode, contract, version, digest, clause, reason, nearest, template, shadow } = this;
    return { effect, layer, mode, contract, version, digest, clause, reason, nearest, template, shadow };
  }
}
