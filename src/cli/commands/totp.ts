import type { RecoveryCodes, TotpOffer } from '../../server/index.js';
import { asking } from '../ask.js';
import { CliError, type Command, exitCode } from '../command.js';
import { personalApi } from '../signed-in.js';

/** Without a terminal: password, code in force (or empty) and, for `on`, the first code of the new factor. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const wanted = invocation.arguments[0];
  if (wanted !== 'on' && wanted !== 'off') throw new CliError('usage', 'say `on` or `off`');
  const api = personalApi();
  const questions = asking();
  const password = (await questions.secret('Password')) ?? '';
  const code = (await questions.secret('Code (empty without a second factor)'))?.trim() ?? '';
  const proof = { password, ...(code === '' ? {} : { code }) };
  if (wanted === 'off') {
    await api.post('/v1/totp/remove', proof);
    output.result({ schemaVersion: 1, totp: false }, () => 'the second factor is removed');
    return exitCode.done;
  }
  const offer = await api.post<TotpOffer>('/v1/totp', proof);
  output.progress(`Add this to your authenticator:\n  ${offer.uri}\n  secret ${offer.secret}`);
  const first = (await questions.secret('Its first code'))?.trim() ?? '';
  const { recoveryCodes } = await api.post<RecoveryCodes>('/v1/totp/confirm', { code: first });
  output.result(
    { schemaVersion: 1, totp: true, recoveryCodes },
    () =>
      `the second factor is in force. Each of these signs you in once without it; keep them elsewhere:\n  ${recoveryCodes.join('\n  ')}`,
  );
  return exitCode.done;
};
