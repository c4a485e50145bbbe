import type { ContractAnswer, ContractsAnswer } from '../../server/index.js';
import { type Command, exitCode, flag, text } from '../command.js';
import { modes } from '../output/modes.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const api = apiOf(invocation);
  const service = invocation.arguments[0];
  if (service === undefined) {
    const answer = await api.get<ContractsAnswer>('/v1/contracts');
    output.result({ schemaVersion: 1, ...answer }, () =>
      output.table(
        ['SERVICE', 'VERSION', 'MODE', 'PROPOSED', 'LEARNED FROM'],
        answer.contracts.map((row) => [
          row.service,
          row.active === null ? 'none' : String(row.active.version),
          row.active === null ? '' : modes(row.active.mode),
          row.proposal === null ? '' : String(row.proposal.version),
          `${row.learned} observations`,
        ]),
      ),
    );
    return exitCode.done;
  }
  const version = flag(invocation, 'proposed') ? 'learned' : text(invocation, 'version');
  const path = `/v1/contracts/${encodeURIComponent(service)}${version === undefined ? '' : `/versions/${encodeURIComponent(version)}`}`;
  const answer = await api.get<ContractAnswer>(path);
  output.result({ schemaVersion: 1, ...answer }, () =>
    answer.written === null ? answer.text : `${answer.text}\n# as it was written\n---\n${answer.written}`,
  );
  return exitCode.done;
};
