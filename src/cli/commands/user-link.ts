import type { PersonLink } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { invitation } from '../output/invitation.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const name = encodeURIComponent(invocation.arguments[0] ?? '');
  const link = await apiOf(invocation).post<PersonLink>(`/v1/people/${name}/link`, { reset: false });
  invocation.output.result({ schemaVersion: 1, ...link }, () => invitation(link));
  return exitCode.done;
};
