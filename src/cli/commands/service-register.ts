import { labelText } from '../../model/index.js';
import type { ServiceRegistered } from '../../server/index.js';
import { type Command, exitCode, list } from '../command.js';
import { parseLabels } from '../labels.js';
import { apiOf } from '../signed-in.js';

/** Of a service that is known already the labels stay, unless they are given. */
export const command: Command = async (invocation) => {
  const written = list(invocation, 'label');
  const made = await apiOf(invocation).post<ServiceRegistered>('/v1/services', {
    service: invocation.arguments[0],
    ...(written.length === 0 ? {} : { labels: parseLabels(written, '--label') }),
  });
  invocation.output.result({ schemaVersion: 1, ...made }, () => {
    const labels = labelText(made.labels);
    return `${made.service} is known${labels === '' ? ', without labels' : `: ${labels}`}`;
  });
  return exitCode.done;
};
