/** How far each host is with a change of the root. */
import type { Store } from '../../store/index.js';
import { agentTtlMs } from '../agents/enrolment.js';
import { type ReportedRoots, rootsOf } from '../agents/reported-roots.js';
import { withdrawnHosts } from '../agents/withdrawal.js';
import type { Context } from '../context.js';

export interface HostRoots {
  readonly host: string;
  readonly seenAt: number | null;
  /** Everything on it trusts the newest root. */
  readonly trusts: boolean;
  /** None of its certificates stands under another root. */
  readonly moved: boolean;
  /** Its own certificate ended by now: it needs a new token whatever happens to the root. */
  readonly gone: boolean;
}

/** Pure. @param newest fingerprint of the root that is, or will be, the only one */
export function hostRoots(
  host: { readonly name: string; readonly seenAt: number | null },
  reported: ReportedRoots | undefined,
  newest: string,
  now: number,
): HostRoots {
  const trusts = reported?.trusted.includes(newest) ?? false;
  return {
    host: host.name,
    seenAt: host.seenAt,
    trusts,
    moved: trusts && reported?.used.every((root) => root === newest) === true,
    gone: host.seenAt !== null && now - host.seenAt > agentTtlMs,
  };
}

/** Of all hosts that are not withdrawn. @param of which of them, by when they were last heard */
export async function allHostRoots(
  { store, clock }: { readonly store: Pick<Store, 'hosts' | 'settings'> } & Pick<Context, 'clock'>,
  newest: string,
  of: (seenAt: number) => boolean = () => true,
): Promise<HostRoots[]> {
  const [hosts, withdrawn] = await Promise.all([store.hosts.list(), withdrawnHosts(store)]);
  const counted = hosts.filter(({ name, lastSeenAt }) => !withdrawn.includes(name) && of(lastSeenAt));
  return Promise.all(
    counted.map(async ({ name, lastSeenAt }) =>
      hostRoots({ name, seenAt: lastSeenAt }, await rootsOf(store, name), newest, clock.now()),
    ),
  );
}
