import type { ContractAnswer } from '../../server/index.js';
import { type Command, exitCode, text } from '../command.js';
import { modes, parseModes } from '../output/modes.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const api = apiOf(invocation);
  const service = encodeURIComponent(invocation.arguments[0] ?? '');
  const mode = text(invocation, 'mode');
  const version = text(invocation, 'version');
  const proposed =
    version === undefined
      ? await api.post<ContractAnswer>(
          `/v1/contracts/${service}/propose`,
          mode === undefined ? {} : { mode: parseModes(mode) },
        )
      : await api.get<ContractAnswer>(`/v1/contracts/${service}/versions/${encodeURIComponent(version)}`);
  const reason = text(invocation, 'reason');
  const answer = await api.post<ContractAnswer>(`/v1/contracts/${service}/approve`, {
    version: proposed.version.version,
    digest: proposed.version.digest,
    ...(reason === undefined ? {} : { reason }),
  });
  output.result(
    { schemaVersion: 1, ...answer },
    () => `${answer.service} is now held to version ${answer.version.version} (${modes(answer.version.contract.mode)})`,
  );
  return exitCode.done;
};
