import type { ActionRow, ActionsAnswer } from '../server/index.js';
import type { Api } from './api.js';

/** Asks until every one of these actions has ended, or the time is up; the last known rows either way. */
export async function settle(api: Api, ids: readonly string[], timeoutMs: number): Promise<ActionRow[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { actions } = await api.get<ActionsAnswer>('/v1/actions');
    const ours = actions.filter((action) => ids.includes(action.id));
    const open = ours.filter(
      (action) => action.status === 'approved' || action.status === 'running' || action.status === 'planned',
    );
    if ((ours.length === ids.length && open.length === 0) || performance.now() > deadline) return ours;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
