import type { ActionsAnswer } from '../../server/index.js';
import { openApi, readAccess } from '../api.js';
import { type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';
import { actionTable } from '../output/actions.js';
import { settle } from '../settle.js';

/** Every running workload of a service, one after the other: from the approved code, held to the approved contract. */
export const command: Command = async (invocation) => {
  const api = openApi(readAccess(locate(invocation).dataDir));
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
