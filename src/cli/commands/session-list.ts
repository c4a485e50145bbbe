import type { SessionsAnswer } from '../../server/index.js';
import { type Command, exitCode, flag } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const query = flag(invocation, 'all') ? '?all=true' : '';
  const answer = await apiOf(invocation).get<SessionsAnswer>(`/v1/sessions${query}`);
  output.result({ schemaVersion: 1, ...answer }, () =>
    answer.sessions.length === 0
      ? 'no sessions'
      : output.table(
          ['ID', 'ACCOUNT', 'FROM', 'SINCE', 'ENDS', ''],
          answer.sessions.map((session) => [
            session.id,
            session.account,
            session.source ?? '?',
            new Date(session.createdAt).toISOString(),
            new Date(session.expiresAt).toISOString(),
            session.current ? 'this one' : '',
          ]),
        ),
  );
  return exitCode.done;
};
