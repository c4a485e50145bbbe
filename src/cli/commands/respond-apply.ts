import type { ActionsAnswer } from '../../server/index.js';
import { type Command, exitCode, list } from '../command.js';
import { actionTable } from '../output/actions.js';
import { settle } from '../settle.js';
import { apiOf } from '../signed-in.js';

/** Exit 1 if a step failed; `unavailable` steps are said and are no failure. */
export const command: Command = async (invocation) => {
  const api = apiOf(invocation);
  const only = list(invocation, 'only');
  const plan = await api.post<ActionsAnswer>('/v1/actions/plan', { incident: invocation.arguments[0] });
  const chosen = plan.actions.filter(
    (action) => action.applicable && (only.length === 0 || only.includes(action.kind)),
  );
  const ids = chosen.map((action) => action.id);
  if (ids.length > 0) await api.post<ActionsAnswer>('/v1/actions/apply', { actions: ids });
  const actions = ids.length === 0 ? [] : await settle(api, ids, 120_000);
  invocation.output.result({ schemaVersion: 1, actions }, () => actionTable(invocation.output, actions));
  return actions.some((action) => action.status !== 'done' && action.status !== 'unavailable')
    ? exitCode.failed
    : exitCode.done;
};
