import { GlassOpening, glassMinutes, Layer } from '../../model/index.js';
import { operator } from '../accounts.js';
import { agentHere, askAgent } from '../agent-socket.js';
import { asking } from '../ask.js';
import { CliError, type Command, exitCode, flag, type Invocation, list, text } from '../command.js';
import { openingLine } from '../output/glass.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const request = requestOf(invocation);
  const opening = flag(invocation, 'hostCode')
    ? await askAgent(
        agentHere(invocation),
        'POST',
        '/glass',
        { ...request, code: await code(), operator: operator() },
        GlassOpening,
      )
    : await apiOf(invocation).post<GlassOpening>('/v1/glass', request);
  invocation.output.result(
    { schemaVersion: 1, ...opening },
    () =>
      `${openingLine(opening)}\n\nWhat runs already and is held at the runtime layer stays held until it starts anew.\nClose it earlier: tricordon break-glass close ${opening.id}${opening.host === null ? '' : ' --here'}`,
  );
  return exitCode.done;
};

function requestOf(invocation: Invocation) {
  const services = list(invocation, 'service');
  const all = flag(invocation, 'all');
  if (all === services.length > 0)
    throw new CliError('usage', 'for which services?', { hint: 'give --service NAME, or --all' });
  const reason = text(invocation, 'reason')?.trim() ?? '';
  if (reason.length < 5)
    throw new CliError('usage', 'why? The reason stands in the audit trail', { hint: 'give --reason "what happened"' });
  const minutes = text(invocation, 'minutes') ?? String(glassMinutes.default);
  const { min, max } = glassMinutes;
  if (!/^\d{1,3}$/.test(minutes) || Number(minutes) < min || Number(minutes) > max)
    throw new CliError('usage', `\`--minutes\` takes a number from ${min} to ${max}`, {
      hint: 'open it again if it takes longer',
    });
  const layers = list(invocation, 'layer').map((name) => {
    const layer = Layer.safeParse(name);
    if (layer.success) return layer.data;
    throw new CliError('usage', `\`--layer\` takes ${Layer.options.join(', ')}`);
  });
  return {
    services: all ? null : [...services],
    ...(layers.length === 0 ? {} : { layers }),
    minutes: Number(minutes),
    reason,
  };
}

/** Never an argument: it would stand in the process list. */
async function code(): Promise<string> {
  const said = (await asking().secret('Sealed code of this host'))?.trim() ?? '';
  if (said !== '') return said.slice(0, 200);
  throw new CliError('usage', 'no code was given', { hint: 'type it, or give it as a line of standard input' });
}
