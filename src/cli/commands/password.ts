import { asking } from '../ask.js';
import { CliError, type Command, exitCode } from '../command.js';
import { keepNewSession, person } from '../signed-in.js';

/** Without a terminal: current password, code and new password are three lines of standard input, empty where there is none. */
export const command: Command = async (invocation) => {
  const me = person();
  const questions = asking();
  const current = (await questions.secret('Current password (empty: none yet)')) ?? '';
  const code = (await questions.secret('Code (empty without a second factor)'))?.trim() ?? '';
  const password = await questions.secret('New password, at least 12 characters');
  if (password === undefined) throw new CliError('usage', 'a new password is needed');
  await keepNewSession(me, '/v1/password', {
    password,
    ...(current === '' ? {} : { current }),
    ...(code === '' ? {} : { code }),
  });
  invocation.output.result(
    { schemaVersion: 1, changed: true },
    () => 'the password is changed; all other sessions have ended',
  );
  return exitCode.done;
};
