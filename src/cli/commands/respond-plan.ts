import type { ActionsAnswer } from '../../server/index.js';
import { openApi, readAccess } from '../api.js';
import { type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';
import { actionTable } from '../output/actions.js';

export const command: Command = async (invocation) => {
  const api = openApi(readAccess(locate(invocation).dataDir));
  const answer = await api.post<ActionsAnswer>('/v1/actions/plan', { incident: invocation.arguments[0] });
  invocation.output.result({ schemaVersion: 1, ...answer }, () => actionTable(invocation.output, answer.actions));
  return exitCode.done;
};
