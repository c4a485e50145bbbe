/** What each host's agent said last of the roots there: kept, since a host that is silent now may well trust the new one. */
import { z } from 'zod';
import type { Store } from '../../store/index.js';

const Reported = z.strictObject({ trusted: z.array(z.string()), used: z.array(z.string()) });
export type ReportedRoots = z.infer<typeof Reported>;

const key = (host: string) => `agent-roots/${host}`;

export async function noteRoots({ settings }: Pick<Store, 'settings'>, host: string, roots: ReportedRoots) {
  const known = Reported.safeParse(await settings.get(key(host))).data;
  // With every report of every host: written only when it is news.
  if (JSON.stringify(known) !== JSON.stringify(roots)) await settings.put(key(host), roots);
}

/** Undefined: it never said so, being of an older version or not here since. */
export async function rootsOf({ settings }: Pick<Store, 'settings'>, host: string): Promise<ReportedRoots | undefined> {
  return Reported.safeParse(await settings.get(key(host))).data;
}
