import type { ActionsAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { actionTable } from '../output/actions.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const api = apiOf(invocation);
  const answer = await api.post<ActionsAnswer>('/v1/actions/plan', { incident: invocation.arguments[0] });
  invocation.output.result({ schemaVersion: 1, ...answer }, () => actionTable(invocation.output, answer.actions));
  return exitCode.done;
};
