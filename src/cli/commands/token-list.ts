import { labelText } from '../../model/index.js';
import type { TokensAnswer } from '../../server/index.js';
import { type Command, exitCode, flag } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const query = flag(invocation, 'all') ? '?all=true' : '';
  const answer = await apiOf(invocation).get<TokensAnswer>(`/v1/tokens${query}`);
  const time = (at: number | null, never: string) => (at === null ? never : new Date(at).toISOString());
  output.result({ schemaVersion: 1, ...answer }, () =>
    answer.tokens.length === 0
      ? 'no tokens'
      : output.table(
          ['NAME', 'ACCOUNT', 'SCOPES', 'WHERE', 'ENDS', 'LAST USED'],
          answer.tokens.map((token) => [
            token.name,
            token.account,
            token.scopes.join(' '),
            labelText(token.where),
            time(token.expiresAt, 'never'),
            time(token.lastUsedAt, 'never'),
          ]),
        ),
  );
  return exitCode.done;
};
