/** The roots as everybody was last told: kept in the database, so that a step that was cut off is told after the next start. */
import { z } from 'zod';
import type { RotationState } from '../../identity/index.js';
import type { Context } from '../context.js';

const Published = z.strictObject({ phase: z.string(), roots: z.array(z.string()) });
type Published = z.infer<typeof Published>;

const key = 'authority/published';

/** Agents and the audit trail; false when they know. */
export async function publishRoots(context: Context): Promise<boolean> {
  const { authority, store, config } = context;
  const state = authority.roots.state();
  const now: Published = { phase: state.phase, roots: authority.roots.all().map(({ fingerprint }) => fingerprint) };
  const known = Published.safeParse(await store.settings.get(key)).data;
  if (JSON.stringify(known) === JSON.stringify(now)) return false;
  await context.changes.transact(async (tx, note) => {
    await tx.settings.put(key, now);
    const taken = takenStep(state);
    if (taken !== undefined)
      await tx.audit.append({
        actor: taken.by,
        action: `authority.${taken.action}`,
        subject: config.trustDomain,
        detail: { roots: now.roots, ...(taken.left === undefined ? {} : { dropped: taken.left }) },
      });
    note.revise();
    note.tell('coverage', config.trustDomain, 'roots');
  });
  return true;
}

function takenStep(state: RotationState): { action: string; by: string; left?: string } | undefined {
  if (state.phase === 'announced') return { action: 'announce', by: state.by };
  if (state.phase === 'switched') return { action: 'switch', by: state.by };
  if (state.last === null) return undefined;
  return { action: state.last.how === 'finished' ? 'finish' : 'abort', by: state.last.by, left: state.last.left };
}
