import { labelText } from '../../model/index.js';
import type { ServicesAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { modes } from '../output/modes.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const answer = await apiOf(invocation).get<ServicesAnswer>('/v1/services');
  output.result({ schemaVersion: 1, ...answer }, () =>
    answer.services.length === 0
      ? 'no services: start one with `tricordon run`, or `tricordon service register`'
      : output.table(
          ['SERVICE', 'LABELS', 'RUNNING', 'HOSTS', 'CONTRACT', 'MODE'],
          answer.services.map((row) => [
            row.service,
            labelText(row.labels),
            String(row.workloads),
            row.hosts.join(', '),
            row.contract === null ? 'none' : `v${row.contract.version}`,
            row.contract === null ? '' : modes(row.contract.mode),
          ]),
        ),
  );
  return exitCode.done;
};
