import type { ActionsAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { actionTable } from '../output/actions.js';
import { settle } from '../settle.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const api = apiOf(invocation);
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
