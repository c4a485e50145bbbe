import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const [name = ''] = invocation.arguments;
  await apiOf(invocation).post(`/v1/people/${encodeURIComponent(name)}/change`, { change: 'disable' });
  invocation.output.result({ schemaVersion: 1, name, change: 'disable' }, () => `${name} is shut out`);
  return exitCode.done;
};
