/** What happens to contracts: proposed from what was learned or declared, approved by someone, changed in mode. */
import { askedFacts, contractDigest, notHeld, parseContract } from '../contract/index.js';
import { TricordonError } from '../base/index.js';
import type { Contract, ContractVersion, ModeByLayer, Workload } from '../model/index.js';
import type { Repositories } from '../store/index.js';
import type { Note } from './changes.js';
import type { ServerConfig } from './config.js';
import type { Context } from './context.js';
import { ServerError } from './errors.js';
import { callersFault } from './http/problem.js';
import {
  type Beyond,
  beyondBounds,
  boundsOf,
  refuseBeyond,
  refuseOtherLabels,
  resolved,
  withoutClauses,
} from './policy.js';

type PartialModes = { readonly [Layer in keyof ModeByLayer]?: ModeByLayer[Layer] | undefined };

/** The contract that a proposal would hold, and how many observations it rests on. */
export async function draftOf(
  tx: Repositories,
  service: string,
  request: { readonly mode?: PartialModes | undefined; readonly text?: string | undefined },
  active: ContractVersion | undefined,
  { learning, config, clock }: Pick<Context, 'learning' | 'clock'> & { readonly config: Pick<ServerConfig, 'users'> },
): Promise<Draft> {
  if (request.text !== undefined) {
    const contract = parsed(request.text);
    if (config.users.length === 0 && askedFacts(contract).users)
      throw new ServerError('invalid', 'the contract asks for users, and nobody’s tokens count here', {
        hint: 'name the identity provider in `users.issuers` of tricordon.yaml',
      });
    if (contract.service !== service) {
      throw new ServerError('invalid', `the contract is for \`${contract.service}\`, not for \`${service}\``);
    }
    const written = withModes(contract, request.mode);
    const labels = (await tx.services.get(service))?.labels ?? {};
    refuseOtherLabels(written, labels);
    const inForce = await resolved(tx, written);
    refuseBeyond(service, beyondBounds(inForce, await boundsOf(tx, service), labels, clock.now()));
    const isResolved = contractDigest(inForce) === contractDigest(written);
    return { contract: inForce, origin: 'declared', observed: 0, ...(isResolved ? {} : { written }) };
  }
  const learned = learning.proposal(service);
  if (learned !== undefined) {
    const { contract } = await learnedWithin(tx, service, learned.contract, clock.now());
    return { contract: withModes(contract, request.mode), origin: 'learned', observed: learned.observed };
  }
  if (active !== undefined && request.mode !== undefined) {
    return {
      contract: withModes(active.contract, request.mode),
      origin: 'mode-change',
      observed: active.observed,
      ...(await writtenOf(tx, active, request.mode)),
    };
  }
  throw new ServerError('conflict', `nothing was learned about \`${service}\` since its last contract`, {
    hint: 'drive normal traffic while it learns, give a contract as text, or change its modes',
  });
}

interface Draft {
  readonly contract: Contract;
  readonly origin: ContractVersion['origin'];
  readonly observed: number;
  readonly written?: Contract;
}

/** What was learned, without the clauses that are outside of bounds: learning never widens past them. */
export async function learnedWithin(
  stored: Pick<Repositories, 'policies' | 'services'>,
  service: string,
  contract: Contract,
  now: number,
): Promise<{ readonly contract: Contract; readonly beyond: readonly Beyond[] }> {
  const labels = (await stored.services.get(service))?.labels ?? {};
  const beyond = beyondBounds(contract, await boundsOf(stored, service), labels, now);
  return { contract: beyond.length === 0 ? contract : withoutClauses(contract, beyond), beyond };
}

/** Of a version that differs in its modes alone. */
async function writtenOf(
  tx: Repositories,
  { service, version }: ContractVersion,
  mode: PartialModes | undefined,
): Promise<{ written?: Contract }> {
  const written = await tx.contracts.written(service, version);
  return written === undefined ? {} : { written: withModes(written, mode) };
}

/** @throws ServerError `invalid` with the parser's sentence: it speaks of the caller's own text. */
function parsed(text: string): Contract {
  let contract: Contract;
  try {
    contract = parseContract(text);
  } catch (error) {
    if (error instanceof TricordonError) throw callersFault('invalid', error);
    throw error;
  }
  const open = notHeld(contract);
  if (open.length > 0)
    throw new ServerError('invalid', open.slice(0, 10).join('; '), {
      hint: 'take these parts out: `tricordon contract decide` understands them, the data plane of this version does not',
    });
  return contract;
}

export function withModes(contract: Contract, mode: PartialModes | undefined): Contract {
  return {
    ...contract,
    mode: {
      runtime: mode?.runtime ?? contract.mode.runtime,
      network: mode?.network ?? contract.mode.network,
      api: mode?.api ?? contract.mode.api,
    },
  };
}

/** What the approver can vouch for: the code and image digests of the workloads that run now. */
export function cleanDigests(running: readonly Workload[]): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const { attestation } of running) {
    if (attestation.kind === 'process') clean['code'] = attestation.codeDigest;
    else clean['image'] = attestation.imageConfig;
  }
  return clean;
}

/**
 * Replicas of different code cannot both be what was approved. @throws ServerError `conflict`
 */
export function oneCode(service: string, running: readonly Workload[]): void {
  const digests = new Set(running.map((workload) => Object.values(cleanDigests([workload])).join()));
  if (digests.size > 1) {
    throw new ServerError('conflict', `replicas of \`${service}\` run ${digests.size} different versions of its code`, {
      hint: 'roll out one version, then approve',
    });
  }
}

export async function approve(
  tx: Repositories,
  note: Note,
  decided: { service: string; version: number; digest: string; by: string; reason: string | undefined; now: number },
  mayDecide: (found: ContractVersion) => void = () => {},
): Promise<ContractVersion> {
  const { service, version, digest, by, reason, now } = decided;
  const found = await tx.contracts.get(service, version);
  if (found === undefined) throw new ServerError('not-found', `\`${service}\` has no contract version ${version}`);
  if (found.digest !== digest) {
    throw new ServerError('digest-mismatch', `version ${version} of \`${service}\` is not what was looked at`, {
      hint: 'look at the proposal again and decide on its digest',
    });
  }
  // Asked twice: by whom the answer did not reach.
  if (found.state === 'approved' && found.decidedBy === by) return found;
  mayDecide(found);
  // Bounds may have changed since it was proposed. What changes in its modes alone widens nothing.
  if (found.origin !== 'mode-change') {
    const labels = (await tx.services.get(service))?.labels ?? {};
    refuseBeyond(service, beyondBounds(found.contract, await boundsOf(tx, service), labels, now));
  }
  const clean = found.origin === 'mode-change' ? found.clean : await vouchedFor(tx, service);
  const approved = await tx.contracts.approve(service, version, {
    by,
    digest,
    clean,
    ...(reason === undefined ? {} : { reason }),
  });
  await tx.rollouts.end(service, by, `version ${version} was approved`);
  note.revise();
  note.tell('contracts', service, 'approved');
  return approved;
}

/** A change of modes says nothing about code; any other approval vouches for what runs now. */
async function vouchedFor(tx: Repositories, service: string): Promise<Record<string, string>> {
  const running = await tx.workloads.list({ service, running: true });
  oneCode(service, running);
  if (running.length > 0) return cleanDigests(running);
  return (await tx.contracts.active(service))?.clean ?? {};
}

/** A version that differs in its modes alone, in force at once. What is clean stays as it was approved. */
export async function changeMode(
  tx: Repositories,
  note: Note,
  change: { service: string; mode: PartialModes; by: string; reason: string | undefined },
): Promise<ContractVersion> {
  const active = await tx.contracts.active(change.service);
  if (active === undefined) throw new ServerError('not-found', `\`${change.service}\` has no contract`);
  const contract = withModes(active.contract, change.mode);
  const digest = contractDigest(contract);
  if (digest === active.digest) return active;
  const proposed = await tx.contracts.propose({
    service: change.service,
    contract,
    digest,
    origin: 'mode-change',
    observed: active.observed,
    proposedBy: change.by,
    clean: active.clean,
    ...(await writtenOf(tx, active, change.mode)),
  });
  const approved = await tx.contracts.approve(change.service, proposed.version, {
    by: change.by,
    digest,
    clean: active.clean,
    ...(change.reason === undefined ? {} : { reason: change.reason }),
  });
  // Whoever changes a mode means all of what is decided.
  await tx.rollouts.end(change.service, change.by, 'the modes in force were changed');
  note.revise();
  note.tell('contracts', change.service, 'mode');
  return approved;
}
