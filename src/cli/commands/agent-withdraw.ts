import type { HostWithdrawn } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

/** Ends the trust in a host: its agent is refused, and so is every identity that it vouched for. */
export const command: Command = async (invocation) => {
  const api = apiOf(invocation);
  const host = invocation.arguments[0] ?? '';
  const answer = await api.post<HostWithdrawn>(`/v1/hosts/${encodeURIComponent(host)}/withdraw`, {});
  invocation.output.result(
    { schemaVersion: 1, ...answer },
    () => `${answer.host} is withdrawn, with ${answer.workloads} running workloads; a new token brings it back`,
  );
  return exitCode.done;
};
