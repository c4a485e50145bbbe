import { type Command, exitCode } from '../command.js';
import { pinEvidence } from '../pin-evidence.js';

export const command: Command = async (invocation) => {
  const id = await pinEvidence(invocation, 'pin');
  invocation.output.result({ schemaVersion: 1, id, pinned: true }, () => `${id} stays until it is unpinned`);
  return exitCode.done;
};
