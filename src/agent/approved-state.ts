/** What was approved, as the control plane told it last, and as it is in force here: with what the open glass loosens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/index.js';
import { loosened } from '../contract/index.js';
import type { ContractVersion, PlaneSnapshot } from '../model/index.js';
import type { StateAnswer } from './control-answers.js';
import { AgentError } from './errors.js';
import type { Glass } from './glass.js';

export interface ApprovedStateOptions {
  readonly glass: Pick<Glass, 'take' | 'open'>;
  /** The control plane's time. */
  readonly clock: Clock;
  /** Takes it to every data plane process. */
  readonly distribute: (snapshot: PlaneSnapshot) => void;
}

export interface ApprovedState {
  /** Of the last that was taken; -1 before the first. */
  readonly revision: () => number;
  /** As distributed: with what is open. */
  readonly snapshot: () => PlaneSnapshot | undefined;
  take(state: StateAnswer): void;
  /** What is open has changed. */
  distribute(): void;
  /** As it counts now: the launcher holds a command that starts to no more than that. */
  contractOf(service: string): ContractVersion | undefined;
  /** Resolves with the first word of the control plane. @throws AgentError `control-unreachable` */
  known(): Promise<void>;
}

const patienceMs = 20_000;

export function approvedState({ glass, clock, distribute }: ApprovedStateOptions): ApprovedState {
  let revision = -1;
  let approved: PlaneSnapshot | undefined;
  let snapshot: PlaneSnapshot | undefined;
  let first: () => void = () => {};
  const told = new Promise<void>((resolve) => {
    first = resolve;
  });

  return {
    revision: () => revision,
    snapshot: () => snapshot,
    take: (state) => {
      revision = state.revision;
      approved = {
        schemaVersion: 1,
        revision: state.revision,
        trustDomain: state.trustDomain,
        bundles: state.bundles,
        services: state.services,
        contracts: state.contracts,
        revoked: state.revoked,
        isolated: state.isolated,
        ...(state.bounds === undefined ? {} : { bounds: state.bounds }),
        ...(state.users === undefined ? {} : { users: state.users }),
        ...(state.rollouts === undefined ? {} : { rollouts: state.rollouts }),
      };
      if (state.glass !== undefined) glass.take(state.glass);
      putInForce();
      first();
    },
    distribute: putInForce,
    contractOf: (service) => {
      const version = approved?.contracts.find((one) => one.service === service);
      return version && loosened(version, glass.open());
    },
    known: async () => {
      if (snapshot !== undefined) return;
      const late = new AbortController();
      const waited = sleep(patienceMs, undefined, { signal: late.signal }).catch(() => {});
      await Promise.race([told, waited]);
      late.abort();
      if (snapshot !== undefined) return;
      throw new AgentError('control-unreachable', 'the contracts are not known yet: the control plane did not answer', {
        hint: 'try again once `tricordon status` shows the control plane',
      });
    },
  };

  function putInForce(): void {
    if (approved === undefined) return;
    const shift = clock.now() - systemClock.now();
    // A data plane process goes by the host's own clock.
    const open = glass.open().map(({ services, layers, until }) => ({ services, layers, until: until - shift }));
    snapshot = open.length === 0 ? approved : { ...approved, glass: open };
    distribute(snapshot);
  }
}
