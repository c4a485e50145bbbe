import { CliError, type Invocation, text } from './command.js';
import { apiOf } from './signed-in.js';

/** Returns the bundle's id. @throws CliError `usage` without a reason, which the audit trail is given */
export async function pinEvidence(invocation: Invocation, verb: 'pin' | 'unpin'): Promise<string> {
  const [id = ''] = invocation.arguments;
  const reason = text(invocation, 'reason')?.trim() ?? '';
  if (reason === '') throw new CliError('usage', 'say why', { hint: 'add --reason "..."' });
  await apiOf(invocation).post(`/v1/evidence/${encodeURIComponent(id)}/${verb}`, { reason });
  return id;
}
