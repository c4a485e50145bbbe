import { labelText } from '../../model/index.js';
import type { WhoAmI } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { csrf: _csrf, ...me } = await apiOf(invocation).get<WhoAmI>('/v1/whoami');
  invocation.output.result({ schemaVersion: 1, ...me }, () =>
    [
      `${me.account} (${me.role}), by ${me.kind}${me.expiresAt === null ? '' : ` until ${new Date(me.expiresAt).toISOString()}`}`,
      `may: ${me.permissions.join(', ')}`,
      ...me.within.map(({ permissions, where }) => `may where ${labelText(where)}: ${permissions.join(', ')}`),
    ].join('\n'),
  );
  return exitCode.done;
};
