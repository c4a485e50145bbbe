import type { GlassCode } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const host = invocation.arguments[0] ?? '';
  const answer = await apiOf(invocation).post<GlassCode>(`/v1/hosts/${encodeURIComponent(host)}/glass-code`, {});
  invocation.output.result(
    { schemaVersion: 1, ...answer },
    () =>
      `${answer.code}\n\nIt is shown once. Seal it at ${answer.host}; there, also without the control plane:\n  tricordon break-glass open --host-code --service NAME --reason TEXT\nAn earlier code of ${answer.host} is worth nothing from now on.`,
  );
  return exitCode.done;
};
