/** `key rotate evidence`: another key signs; bundles and trail of before stay verifiable. */
import type { EvidenceKeyRotated } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';
import { refuseSteps } from './one-step.js';

export const rotate: Command = async (invocation) => {
  refuseSteps(invocation, 'evidence');
  const done = await apiOf(invocation).post<EvidenceKeyRotated>('/v1/keys/evidence/rotate', {});
  invocation.output.result({ schemaVersion: 1, ...done }, () =>
    [
      `evidence and the audit trail are signed by the key ${done.id.slice(0, 16)} from here on`,
      `the key before is gone; what ${done.older === 1 ? 'it' : `the ${done.older} before`} signed stays verifiable`,
    ].join('\n'),
  );
  return exitCode.done;
};
