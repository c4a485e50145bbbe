import { CliError, type Command, exitCode, flag, list } from '../command.js';
import { grantText, parseLabels } from '../labels.js';
import { apiOf } from '../signed-in.js';

/** Without `--where` the role that counts everywhere; with it one for services with these labels. */
export const command: Command = async (invocation) => {
  const [name = '', role = ''] = invocation.arguments;
  const where = parseLabels(list(invocation, 'where'), '--where');
  const limited = Object.keys(where).length > 0;
  const remove = flag(invocation, 'remove');
  if (remove !== (role === '') || (remove && !limited))
    throw new CliError('usage', 'give a role, or `--remove` with `--where`', {
      hint: 'like `tricordon user role NAME --where team=shop --remove`',
    });
  const change = remove
    ? { change: 'ungrant', where }
    : limited
      ? { change: 'grant', role, where }
      : { change: 'role', role };
  await apiOf(invocation).post(`/v1/people/${encodeURIComponent(name)}/change`, change);
  const result = remove ? { removed: true } : { role };
  invocation.output.result({ schemaVersion: 1, name, ...result, ...(limited ? { where } : {}) }, () => {
    if (remove) return `${name} has no role of their own for these services any more`;
    return `${name} is ${limited ? grantText(role, where) : role} now`;
  });
  return exitCode.done;
};
