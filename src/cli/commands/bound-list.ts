import type { PolicyAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const { bounds } = await apiOf(invocation).get<PolicyAnswer>('/v1/policy');
  output.result({ schemaVersion: 1, bounds }, () =>
    output.table(
      ['BOUND', 'APPLIES TO', 'SERVICES', 'SINCE', 'BY', 'DIGEST'],
      bounds.map(({ document, services, at, by, digest }) => [
        document.name,
        document.appliesTo === undefined ? 'every service' : JSON.stringify(document.appliesTo),
        services.length === 0 ? 'none now' : services.join(', '),
        new Date(at).toISOString(),
        by,
        digest,
      ]),
    ),
  );
  return exitCode.done;
};
