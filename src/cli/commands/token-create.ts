import type { TokenCreated } from '../../server/index.js';
import { CliError, type Command, exitCode, list, text } from '../command.js';
import { parseLabels } from '../labels.js';
import { apiOf } from '../signed-in.js';

/** The token is shown this once. */
export const command: Command = async (invocation) => {
  const days = Number(text(invocation, 'days'));
  if (!(days > 0)) throw new CliError('usage', '`--days` takes a number above 0', { hint: 'like --days 30' });
  const scopes = list(invocation, 'scope');
  const account = text(invocation, 'account');
  const made = await apiOf(invocation).post<TokenCreated>('/v1/tokens', {
    name: invocation.arguments[0],
    scopes: scopes.length === 0 ? ['read'] : scopes,
    where: parseLabels(list(invocation, 'where'), '--where'),
    ttlSeconds: Math.round(days * 86_400),
    ...(account === undefined ? {} : { account }),
  });
  invocation.output.result({ schemaVersion: 1, ...made }, () => {
    invocation.output.progress(
      `${made.scopes.join(', ')}, until ${new Date(made.expiresAt).toISOString()}; it is shown this once:`,
    );
    return made.token;
  });
  return exitCode.done;
};
