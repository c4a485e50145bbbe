import { type Command, exitCode } from '../command.js';
import { pinEvidence } from '../pin-evidence.js';

export const command: Command = async (invocation) => {
  const id = await pinEvidence(invocation, 'unpin');
  invocation.output.result(
    { schemaVersion: 1, id, pinned: false },
    () => `${id} goes with its days, once its incident is closed`,
  );
  return exitCode.done;
};
