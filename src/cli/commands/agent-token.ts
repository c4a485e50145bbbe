import type { EnrolToken } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const api = apiOf(invocation);
  const answer = await api.post<EnrolToken>('/v1/enrolment-tokens', { host: invocation.arguments[0] });
  invocation.output.result({ schemaVersion: 1, ...answer }, () => {
    const minutes = Math.round((answer.expiresAt - performance.timeOrigin - performance.now()) / 60_000);
    return `${answer.token}\n\nOn ${answer.host}, within ${minutes} minutes:\n  tricordon agent join ${new URL(answer.agentUrl).host} --host ${answer.host} --ca-fingerprint ${answer.fingerprint} --token-file -`;
  });
  return exitCode.done;
};
