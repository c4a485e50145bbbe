import type { ActionsAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { actionTable } from '../output/actions.js';
import { settle } from '../settle.js';
import { apiOf } from '../signed-in.js';

/** Every running workload of a service, one after the other: from the approved code, held to the approved contract. */
export const command: Command = async (invocation) => {
  const api = apiOf(invocation);
  const plan = await api.post<ActionsAnswer>('/v1/actions/plan', {
    service: invocation.arguments[0],
    kinds: ['restart'],
  });
  const ids = plan.actions.filter((action) => action.applicable).map((action) => action.id);
  if (ids.length > 0) await api.post<ActionsAnswer>('/v1/actions/apply', { actions: ids });
  const actions = ids.length === 0 ? [] : await settle(api, ids, 120_000);
  invocation.output.result({ schemaVersion: 1, actions }, () => actionTable(invocation.output, actions));
  return actions.length > 0 && actions.every((action) => action.status === 'done') ? exitCode.done : exitCode.failed;
};
