/** What the control plane issues to something that was attested here. */
import type { Clock, Logger } from '../base/index.js';
import { createSvidSource, generateKeyPair, type Svid, svidFrom } from '../identity/index.js';
import { type Attestation, serviceId } from '../model/index.js';
import { WorkloadAnswer } from './control-answers.js';
import type { ControlClient } from './control-client.js';
import type { TrustedRoots } from './trusted-roots.js';

/** One identity that is renewed by itself. */
export interface IdentityHandle {
  current(): Svid | undefined;
  onChange(listener: (svid: Svid) => void): void;
  stop(): void;
}

export interface Attested {
  readonly id: string;
  readonly service: string;
  readonly attestation: Attestation;
  readonly capture: string;
  readonly cgroup: string | null;
}

export interface IssuerOptions {
  readonly client: Pick<ControlClient, 'call'>;
  readonly trustDomain: string;
  readonly roots: Pick<TrustedRoots, 'follow'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Registers it, and keeps its SVID fresh. */
export async function issueIdentity(attested: Attested, options: IssuerOptions): Promise<IdentityHandle> {
  const { client, clock, log, roots } = options;
  const { id, service } = attested;
  const expectedId = serviceId(options.trustDomain, service);
  const pair = generateKeyPair();
  const answer = await client.call(
    'POST',
    '/agent/v1/workloads',
    { ...attested, publicKey: pair.publicKeyPem },
    WorkloadAnswer,
  );
  const source = createSvidSource({
    clock,
    initial: svidFrom(pair.privateKeyPem, answer.svid.chain, expectedId),
    expectedId,
    logger: log,
    renew: async (publicKey) =>
      (await client.call('POST', `/agent/v1/workloads/${id}/svid`, { publicKey }, WorkloadAnswer.shape.svid)).chain,
  });
  await source.start();
  const letGo = roots.follow(source);
  return {
    current: () => source.current(),
    onChange: (listener) => {
      source.onChange(listener);
    },
    stop: () => {
      letGo();
      source.stop();
    },
  };
}
