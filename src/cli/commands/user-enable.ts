import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const [name = ''] = invocation.arguments;
  await apiOf(invocation).post(`/v1/people/${encodeURIComponent(name)}/change`, { change: 'enable' });
  invocation.output.result({ schemaVersion: 1, name, change: 'enable' }, () => `${name} may sign in again`);
  return exitCode.done;
};
