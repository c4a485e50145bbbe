import { type Command, exitCode } from '../command.js';
import { rolloutOf, rolloutText } from '../rollouts.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const answer = await rolloutOf(invocation, () => ({ stage: { percent: 0 } }));
  output.result({ schemaVersion: 1, ...answer }, () => rolloutText(output, answer));
  return exitCode.done;
};
