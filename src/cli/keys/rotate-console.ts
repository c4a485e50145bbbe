/** `key rotate console`: the console shows another certificate, without a restart. */
import type { ConsoleKeyRotated } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';
import { refuseSteps } from './one-step.js';

export const rotate: Command = async (invocation) => {
  refuseSteps(invocation, 'console');
  const done = await apiOf(invocation).post<ConsoleKeyRotated>('/v1/keys/console/rotate', {});
  invocation.output.result({ schemaVersion: 1, ...done }, () =>
    [
      `the console shows another certificate: SHA-256 ${done.fingerprint}`,
      `it ends on ${new Date(done.notAfter).toISOString().slice(0, 10)}; browsers that trust our root notice nothing`,
    ].join('\n'),
  );
  return exitCode.done;
};
