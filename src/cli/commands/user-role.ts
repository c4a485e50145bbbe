import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const [name = '', role] = invocation.arguments;
  await apiOf(invocation).post(`/v1/people/${encodeURIComponent(name)}/change`, { change: 'role', role });
  invocation.output.result({ schemaVersion: 1, name, role }, () => `${name} is ${role} now`);
  return exitCode.done;
};
