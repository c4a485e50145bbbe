import type { AuditVerified } from '../../server/index.js';
import { openApi, readAccess } from '../api.js';
import { type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';

/** Exit 2 if the chain is broken. */
export const command: Command = async (invocation) => {
  const api = openApi(readAccess(locate(invocation).dataDir));
  const answer = await api.get<AuditVerified>('/v1/audit/verify');
  invocation.output.result({ schemaVersion: 1, ...answer }, () =>
    answer.ok
      ? `audit trail unbroken: ${answer.length} entries, head ${answer.head}; ${answer.signedUpTo === null ? 'no signed checkpoint yet, a cut-off end would not show' : `signed up to entry ${answer.signedUpTo}`}`
      : `audit trail BROKEN${answer.brokenAt === null ? '' : ` at entry ${answer.brokenAt}`} of ${answer.length}: ${answer.reason ?? 'unknown'}`,
  );
  return answer.ok ? exitCode.done : exitCode.found;
};
