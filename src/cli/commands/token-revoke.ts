import { CliError, type Command, exitCode, text } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const [name = ''] = invocation.arguments;
  const account = text(invocation, 'account');
  const path = `/v1/tokens/${encodeURIComponent(name)}/revoke`;
  const body = account === undefined ? {} : { account };
  const { revoked } = await apiOf(invocation).post<{ revoked: boolean }>(path, body);
  if (!revoked)
    throw new CliError('refused', `there is no token \`${name}\``, {
      hint: 'list them with `tricordon token list`; that of another account needs --account',
    });
  invocation.output.result({ schemaVersion: 1, name, revoked }, () => `the token ${name} is revoked`);
  return exitCode.done;
};
