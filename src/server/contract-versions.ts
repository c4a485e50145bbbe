/** One version of a contract, by its number or as it is being learned. */
import { contractDigest } from '../contract/index.js';
import type { ContractVersion } from '../model/index.js';
import type { Context } from './context.js';
import { learnedWithin } from './contracts.js';
import { ServerError } from './errors.js';

type Known = Pick<Context, 'store' | 'learning' | 'clock'>;

/** @throws ServerError `not-found` */
export async function versionOf({ store }: Known, service: string, number: number): Promise<ContractVersion> {
  const version = await store.contracts.get(service, number);
  if (version === undefined) throw new ServerError('not-found', `\`${service}\` has no contract version ${number}`);
  return version;
}

/**
 * The live proposal in the shape of a version; it gets a number only when it is proposed.
 * @throws ServerError `not-found`
 */
export async function learnedVersion(known: Known, service: string): Promise<ContractVersion> {
  const active = await known.store.contracts.active(service);
  const learned = known.learning.proposal(service);
  if (learned === undefined) {
    throw new ServerError('not-found', `nothing was learned about \`${service}\` since its last contract`, {
      hint: 'drive normal traffic while a layer of it is in learn',
    });
  }
  const { contract } = await learnedWithin(known.store, service, learned.contract, known.clock.now());
  return {
    service,
    version: (active?.version ?? -1) + 1,
    digest: contractDigest(contract),
    state: 'proposed',
    contract,
    origin: 'learned',
    observed: learned.observed,
    proposedBy: live,
    proposedAt: known.clock.now(),
    decidedBy: null,
    decidedAt: null,
    reason: null,
    clean: {},
  };
}

const live = 'learning';
export function isLive(version: ContractVersion): boolean {
  return version.proposedBy === live && version.decidedBy === null;
}
