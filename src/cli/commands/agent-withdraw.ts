import type { HostWithdrawn } from '../../server/index.js';
import { openApi, readAccess } from '../api.js';
import { type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';

/** Ends the trust in a host: its agent is refused, and so is every identity that it vouched for. */
export const command: Command = async (invocation) => {
  const api = openApi(readAccess(locate(invocation).dataDir));
  const host = invocation.arguments[0] ?? '';
  const answer = await api.post<HostWithdrawn>(`/v1/hosts/${encodeURIComponent(host)}/withdraw`, {});
  invocation.output.result(
    { schemaVersion: 1, ...answer },
    () => `${answer.host} is withdrawn, with ${answer.workloads} running workloads; a new token brings it back`,
  );
  return exitCode.done;
};
