import { printable } from '../../base/index.js';
import type { BoundAnswer } from '../../server/index.js';
import { type Command, exitCode, flag } from '../command.js';
import { policyText } from '../policy-text.js';
import { apiOf } from '../signed-in.js';

/** Exit 2 when clauses in force are outside of it: they do not pass any more. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const dryRun = flag(invocation, 'dryRun');
  const text = policyText(invocation.arguments[0] ?? '');
  const answer = await apiOf(invocation).post<BoundAnswer>('/v1/policy/bounds', { text, dryRun });
  output.result({ schemaVersion: 1, ...answer }, () => {
    const { name, services, outside } = answer;
    const whom = services.length === 0 ? 'applies to no service now' : `applies to ${services.join(', ')}`;
    const what = dryRun ? 'would be in force' : answer.changed ? 'is in force' : 'was in force already';
    return [
      `${name} ${what}; it ${whom}`,
      ...(outside.length === 0 ? [] : ['', `${outside.length} clauses in force are outside of it:`]),
      ...(outside.length === 0
        ? []
        : [
            output.table(
              ['SERVICE', 'CLAUSE', 'WHY'],
              outside.map(({ service, clause, message }) => [service, clause, printable(message, 300)]),
            ),
          ]),
    ].join('\n');
  });
  return answer.outside.length === 0 ? exitCode.done : exitCode.found;
};
