import { CliError, type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const [id = ''] = invocation.arguments;
  const path = `/v1/sessions/${encodeURIComponent(id)}/revoke`;
  const { revoked } = await apiOf(invocation).post<{ revoked: boolean }>(path, {});
  if (!revoked)
    throw new CliError('refused', `there is no session \`${id}\``, { hint: 'list them with `tricordon session list`' });
  invocation.output.result({ schemaVersion: 1, id, revoked }, () => `the session ${id} has ended`);
  return exitCode.done;
};
