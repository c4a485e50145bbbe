import type { ActionsAnswer } from '../../server/index.js';
import { openApi, readAccess } from '../api.js';
import { type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';
import { actionTable } from '../output/actions.js';
import { settle } from '../settle.js';

export const command: Command = async (invocation) => {
  const api = openApi(readAccess(locate(invocation).dataDir));
  const answer = await api.post<ActionsAnswer>(
    `/v1/actions/${encodeURIComponent(invocation.arguments[0] ?? '')}/undo`,
    {},
  );
  const actions = await settle(
    api,
    answer.actions.map((action) => action.id),
    60_000,
  );
  invocation.output.result({ schemaVersion: 1, actions }, () => actionTable(invocation.output, actions));
  return actions.every((action) => action.status === 'done') ? exitCode.done : exitCode.failed;
};
