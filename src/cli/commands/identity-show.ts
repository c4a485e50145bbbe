import type { WorkloadsAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const api = apiOf(invocation);
  const service = invocation.arguments[0];
  const answer = await api.get<WorkloadsAnswer>(
    `/v1/workloads${service === undefined ? '' : `?service=${encodeURIComponent(service)}`}`,
  );
  output.result({ schemaVersion: 1, ...answer }, () =>
    answer.workloads
      .map((workload) => {
        const facts = Object.entries(workload.attributes).map(([name, value]) => `  ${name.padEnd(22)} ${value}`);
        return [`${output.style('strong', workload.identity)}  ${workload.id}  ${workload.state}`, ...facts].join('\n');
      })
      .join('\n'),
  );
  return exitCode.done;
};
