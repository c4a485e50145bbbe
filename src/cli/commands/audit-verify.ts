import type { AuditVerified } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

/** Exit 2 if the chain is broken. */
export const command: Command = async (invocation) => {
  const api = apiOf(invocation);
  const answer = await api.get<AuditVerified>('/v1/audit/verify');
  invocation.output.result({ schemaVersion: 1, ...answer }, () =>
    answer.ok
      ? `audit trail unbroken: ${answer.length} entries, head ${answer.head}; ${answer.signedUpTo === null ? 'no signed checkpoint yet, a cut-off end would not show' : `signed up to entry ${answer.signedUpTo}`}`
      : `audit trail BROKEN${answer.brokenAt === null ? '' : ` at entry ${answer.brokenAt}`} of ${answer.length}: ${answer.reason ?? 'unknown'}`,
  );
  return answer.ok ? exitCode.done : exitCode.found;
};
