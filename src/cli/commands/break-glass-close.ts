import { GlassId, GlassOpening } from '../../model/index.js';
import { printable } from '../../base/index.js';
import { operator } from '../accounts.js';
import { agentHere, askAgent } from '../agent-socket.js';
import { CliError, type Command, exitCode, flag } from '../command.js';
import { openingLine } from '../output/glass.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const id = invocation.arguments[0] ?? '';
  if (!GlassId.safeParse(id).success)
    throw new CliError('usage', `\`${printable(id, 100)}\` is not what was opened`, {
      hint: 'tricordon break-glass list',
    });
  const opening = flag(invocation, 'here')
    ? await askAgent(agentHere(invocation), 'POST', `/glass/${id}/close`, { operator: operator() }, GlassOpening)
    : await apiOf(invocation).post<GlassOpening>(`/v1/glass/${id}/close`, {});
  invocation.output.result({ schemaVersion: 1, ...opening }, () => openingLine(opening));
  return exitCode.done;
};
