import type { IncidentsAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const api = apiOf(invocation);
  const answer = await api.get<IncidentsAnswer>('/v1/incidents');
  output.result({ schemaVersion: 1, ...answer }, () =>
    answer.incidents.length === 0
      ? 'no incidents'
      : output.table(
          ['ID', 'STATE', 'SEVERITY', 'LAYERS', 'OPENED', 'WHAT HAPPENED'],
          answer.incidents.map((row) => [
            row.id,
            row.state,
            row.severity,
            row.layers.join(' '),
            new Date(row.openedAt).toISOString(),
            row.title,
          ]),
        ),
  );
  return answer.incidents.some((row) => row.state === 'open') ? exitCode.found : exitCode.done;
};
