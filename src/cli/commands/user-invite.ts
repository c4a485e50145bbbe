import type { PersonLink } from '../../server/index.js';
import { type Command, exitCode, text } from '../command.js';
import { invitation } from '../output/invitation.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const role = text(invocation, 'role');
  const link = await apiOf(invocation).post<PersonLink>('/v1/people', {
    name: invocation.arguments[0],
    ...(role === undefined ? {} : { role }),
  });
  invocation.output.result({ schemaVersion: 1, ...link }, () => invitation(link));
  return exitCode.done;
};
