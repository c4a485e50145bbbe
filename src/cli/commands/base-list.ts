import type { PolicyAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const { bases } = await apiOf(invocation).get<PolicyAnswer>('/v1/policy');
  output.result({ schemaVersion: 1, bases }, () =>
    output.table(
      ['BASE', 'VERSION', 'SINCE', 'BY', 'DIGEST'],
      bases.map(({ document, at, by, digest }) => [
        document.name,
        String(document.version),
        new Date(at).toISOString(),
        by,
        digest,
      ]),
    ),
  );
  return exitCode.done;
};
