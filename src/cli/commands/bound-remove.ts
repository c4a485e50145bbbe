import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const name = invocation.arguments[0] ?? '';
  const answer = await apiOf(invocation).post<{ name: string }>(
    `/v1/policy/bounds/${encodeURIComponent(name)}/remove`,
    {},
  );
  output.result({ schemaVersion: 1, ...answer }, () => `${answer.name} bounds nothing any more`);
  return exitCode.done;
};
