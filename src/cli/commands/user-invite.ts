import type { PersonLink } from '../../server/index.js';
import { type Command, exitCode, list, text } from '../command.js';
import { parseLabels } from '../labels.js';
import { invitation } from '../output/invitation.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const role = text(invocation, 'role');
  const where = list(invocation, 'where');
  const link = await apiOf(invocation).post<PersonLink>('/v1/people', {
    name: invocation.arguments[0],
    ...(role === undefined ? {} : { role }),
    ...(where.length === 0 ? {} : { where: parseLabels(where, '--where') }),
  });
  invocation.output.result({ schemaVersion: 1, ...link }, () => invitation(link));
  return exitCode.done;
};
