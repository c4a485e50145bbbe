/** The change of the root as people and jobs take it: who is asked before a step, and who is told after it. */
import type { z } from 'zod';
import { IdentityError, type RotationState } from '../../identity/index.js';
import { leaveAccess } from '../access-file.js';
import { agentTtlMs } from '../agents/enrolment.js';
import type { AuthorityAnswer, RotationRequest } from '../api/authority.js';
import type { Context } from '../context.js';
import { ServerError } from '../errors.js';
import { callersFault } from '../http/problem.js';
import { allHostRoots, type HostRoots } from './hosts.js';
import { publishRoots } from './published.js';

export type RotationStep = z.infer<typeof RotationRequest>['step'];

export async function authorityView(context: Context): Promise<z.infer<typeof AuthorityAnswer>> {
  const { authority, clock } = context;
  const { roots } = authority;
  const state = roots.state();
  const hosts = await hostsNow(context);
  const last = state.phase === 'none' ? state.last : state;
  return {
    now: clock.now(),
    phase: state.phase,
    by: last?.by ?? null,
    since: last?.at ?? null,
    ended: state.phase === 'none' ? (state.last?.how ?? null) : null,
    leavesEnd: state.phase === 'switched' ? state.leavesEnd : null,
    roots: roots.all().map(({ fingerprint, notAfter, pem }, index) => ({
      fingerprint,
      role: index === 0 ? ('signing' as const) : state.phase === 'announced' ? ('next' as const) : ('old' as const),
      notAfter,
      pem,
    })),
    shown: roots.oldest().fingerprint,
    hosts: hosts.map((host) => ({
      host: host.host,
      seenAt: host.seenAt,
      trusts: host.trusts,
      moved: host.moved,
      needsToken: needsToken(host, state),
    })),
    waitsFor: waitsFor(hosts, state),
  };
}

/** As somebody asks for it. @throws ServerError `conflict` for a step that does not follow, and for hosts that are not ready */
export async function askForStep(
  context: Context,
  { step, force }: z.infer<typeof RotationRequest>,
  by: string,
): Promise<void> {
  const state = context.authority.roots.state();
  const follows = { begin: 'none', abort: 'announced', switch: 'announced', finish: 'switched' } as const;
  const behind = state.phase === follows[step] ? waitsFor(await hostsNow(context), state) : [];
  if (behind.length > 0 && (step === 'switch' || step === 'finish')) {
    if (!force) throw notReady(step, behind);
    await context.changes.transact((tx) =>
      tx.audit.append({
        actor: by,
        action: 'authority.force',
        subject: context.config.trustDomain,
        detail: { step, hosts: behind.slice(0, 100) },
      }),
    );
  }
  await takeStep(context, step, by);
}

/** @throws ServerError `conflict` for a step that does not follow */
export async function takeStep(context: Context, step: RotationStep, by: string): Promise<void> {
  const { roots } = context.authority;
  try {
    if (step === 'begin') await roots.begin(by);
    else if (step === 'switch') await roots.switchOver(by);
    else if (step === 'finish') await roots.finish(by, () => context.doors.renew());
    else await roots.abort(by);
  } catch (error) {
    if (!(error instanceof IdentityError) || error.code !== 'rotation-out-of-order') throw error;
    throw callersFault('conflict', error);
  }
  await tellRoots(context);
}

/** Whoever has to know of the roots as they are now: agents, the audit trail, and the commands on this host. */
export async function tellRoots(context: Context): Promise<void> {
  if (!(await publishRoots(context))) return;
  context.addresses.caFingerprint = context.authority.roots.oldest().fingerprint;
  await leaveAccess(context);
}

/** The step that follows by itself: when every host is ready, and when nothing of the old root is valid any more. */
export async function followingStep(context: Context): Promise<RotationStep | undefined> {
  const state = context.authority.roots.state();
  if (state.phase === 'announced') return waitsFor(await hostsNow(context), state).length === 0 ? 'switch' : undefined;
  return state.phase === 'switched' && context.clock.now() >= state.leavesEnd ? 'finish' : undefined;
}

/** Hosts that come back with a new token only. */
export async function hostsInNeed(context: Context): Promise<string[]> {
  const { authority, clock } = context;
  const state = authority.roots.state();
  const ended = state.phase === 'none' && state.last?.how === 'finished' ? state.last.at : 0;
  // Most were heard since: what they said of the roots is not asked for.
  const before = Math.max(ended, clock.now() - agentTtlMs);
  const hosts = await hostsNow(context, (seenAt) => seenAt < before);
  return hosts.filter((host) => needsToken(host, state)).map(({ host }) => host);
}

function hostsNow(context: Context, of?: (seenAt: number) => boolean): Promise<HostRoots[]> {
  const { roots } = context.authority;
  const state = roots.state();
  return allHostRoots(context, state.phase === 'announced' ? state.next : roots.signing().fingerprint, of);
}

function waitsFor(hosts: readonly HostRoots[], { phase }: RotationState): string[] {
  if (phase === 'none') return [];
  return hosts
    .filter((host) => !host.gone && !(phase === 'announced' ? host.trusts : host.moved))
    .map(({ host }) => host);
}

/** It was away from before the announcement until after the end. */
function needsToken({ trusts, seenAt, gone }: HostRoots, state: RotationState): boolean {
  if (gone) return true;
  return state.phase === 'none' && state.last?.how === 'finished' && !trusts && (seenAt ?? 0) < state.last.at;
}

function notReady(step: 'switch' | 'finish', hosts: readonly string[]): ServerError {
  const named = hosts
    .slice(0, 10)
    .map((host) => `\`${host}\``)
    .join(', ');
  const more = hosts.length > 10 ? ` and ${hosts.length - 10} more` : '';
  return new ServerError(
    'conflict',
    step === 'switch'
      ? `the new root is not trusted yet on ${named}${more}`
      : `certificates of the old root are still in use, as far as is known, on ${named}${more}`,
    { hint: 'wait for them, or go on with --force: each of them needs a new token then' },
  );
}
