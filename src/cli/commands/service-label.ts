import { labelText } from '../../model/index.js';
import { CliError, type Command, exitCode, flag } from '../command.js';
import { parseLabels } from '../labels.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const [service = '', ...written] = invocation.arguments;
  if (flag(invocation, 'none') !== (written.length === 0))
    throw new CliError('usage', 'give the labels from now on, or `--none`', {
      hint: 'like `tricordon service label orders team=shop`',
    });
  const labels = parseLabels(written, 'a label');
  await apiOf(invocation).post(`/v1/services/${encodeURIComponent(service)}/labels`, { labels });
  invocation.output.result({ schemaVersion: 1, service, labels }, () =>
    written.length === 0 ? `${service} has no labels now` : `${service}: ${labelText(labels)}`,
  );
  return exitCode.done;
};
