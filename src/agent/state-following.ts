/** Asks the control plane for its state, again and again: each answer waits there until something has changed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, type Logger, messageOf } from '../base/index.js';
import type { Carrier } from './actions.js';
import type { ApprovedState } from './approved-state.js';
import { StateAnswer } from './control-answers.js';
import type { ControlClient } from './control-client.js';
import type { ControlContact } from './control-contact.js';
import type { HostIdentity } from './host-identity.js';
import type { TrustedRoots } from './trusted-roots.js';

export interface StateFollowing {
  readonly client: Pick<ControlClient, 'call'>;
  readonly contact: ControlContact;
  readonly host: Pick<HostIdentity, 'accepted' | 'refused'>;
  readonly roots: Pick<TrustedRoots, 'take'>;
  readonly approved: Pick<ApprovedState, 'revision' | 'take'>;
  readonly carrier: Carrier;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export async function followState(following: StateFollowing): Promise<void> {
  const { client, contact, host, roots, approved, carrier, log, signal } = following;
  while (!signal.aborted) {
    try {
      const path = `/agent/v1/state?revision=${approved.revision()}`;
      const state = await client.call('GET', path, undefined, StateAnswer, { timeoutMs: 40_000, signal });
      contact.reached();
      contact.understood();
      host.accepted();
      roots.take(state);
      if (state.revision !== approved.revision()) approved.take(state);
      carrier.carry(state.actions);
    } catch (error) {
      if (signal.aborted) return;
      contact.lost();
      // To this question it says no to nobody but whom it does not know (any more).
      if (codeOf(error) === 'control-refused') host.refused(messageOf(error));
      else if (codeOf(error) === 'version-apart') contact.refusedVersion(error);
      else log.debug({ error: messageOf(error) }, 'no state from the control plane');
      await sleep(500);
    }
  }
}
