import type { AuditVerified } from '../../server/index.js';
import { verifyFile } from '../audit-file.js';
import { CliError, type Command, exitCode, type Invocation, text } from '../command.js';
import { apiOf } from '../signed-in.js';

/** Exit 2 if the chain is broken. */
export const command: Command = async (invocation) => {
  const file = text(invocation, 'file');
  const checkpoint = text(invocation, 'checkpoint');
  if (file !== undefined) return ofFile(invocation, file, checkpoint);
  if (checkpoint !== undefined)
    throw new CliError('usage', 'a checkpoint is compared with an export', { hint: 'give the export with --file' });
  const api = apiOf(invocation);
  const answer = await api.get<AuditVerified>('/v1/audit/verify');
  invocation.output.result({ schemaVersion: 1, ...answer }, () =>
    answer.ok
      ? `audit trail unbroken: ${answer.length} entries, head ${answer.head}; ${answer.signedUpTo === null ? 'no signed checkpoint yet, a cut-off end would not show' : `signed up to entry ${answer.signedUpTo}`}`
      : `audit trail BROKEN${answer.brokenAt === null ? '' : ` at entry ${answer.brokenAt}`} of ${answer.length}: ${answer.reason ?? 'unknown'}`,
  );
  return answer.ok ? exitCode.done : exitCode.found;
};

async function ofFile(invocation: Invocation, file: string, checkpoint: string | undefined): Promise<number> {
  const verdict = await verifyFile(file, checkpoint);
  const { ok, head, length, lastHash, brokenAt, reason } = verdict;
  invocation.output.result({ schemaVersion: 1, ...verdict }, () =>
    ok
      ? `export unbroken: ${length} entries of ${head?.instance ?? 'unknown'}, head ${lastHash}; ${checkpoint === undefined ? 'compare the head with a checkpoint that was kept elsewhere (--checkpoint), or the whole could have been written anew' : 'it holds the checkpoint that was kept elsewhere'}`
      : `export BROKEN${brokenAt === null ? '' : ` at entry ${brokenAt}`}: ${reason ?? 'unknown'}`,
  );
  return ok ? exitCode.done : exitCode.found;
}
