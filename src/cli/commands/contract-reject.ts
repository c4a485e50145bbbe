import { printable } from '../../base/index.js';
import type { ContractAnswer } from '../../server/index.js';
import { CliError, type Command, exitCode, text } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const service = encodeURIComponent(invocation.arguments[0] ?? '');
  const version = text(invocation, 'version') ?? '';
  if (!/^[0-9]{1,9}$/.test(version)) {
    throw new CliError('usage', `\`${printable(version, 40)}\` is no number of a version`, {
      hint: 'tricordon contract show lists what is proposed',
    });
  }
  const reason = text(invocation, 'reason')?.trim() ?? '';
  if (reason === '') {
    throw new CliError('usage', 'a rejection needs a reason', {
      hint: 'say with --reason what whoever proposed it should do next',
    });
  }
  const api = apiOf(invocation);
  const proposed = await api.get<ContractAnswer>(`/v1/contracts/${service}/versions/${version}`);
  const answer = await api.post<ContractAnswer>(`/v1/contracts/${service}/reject`, {
    version: proposed.version.version,
    digest: proposed.version.digest,
    reason,
  });
  output.result(
    { schemaVersion: 1, ...answer },
    () => `version ${answer.version.version} of ${answer.service} is rejected; what was in force stays so`,
  );
  return exitCode.done;
};
