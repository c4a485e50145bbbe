import { type ReadFamily, readMetricsText } from '../../base/index.js';
import { readAgentText } from '../agent-socket.js';
import { openApi, readAccess } from '../api.js';
import { CliError, type Command, exitCode, type Invocation, text } from '../command.js';
import { locate } from '../installation.js';
import { readState } from '../state-file.js';

/** Prints what a process says of itself; for `control` and `agent` whole, for a service its own samples at the agent. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const asked = text(invocation, 'process') ?? 'control';
  const answer = await metricsOf(invocation, asked === 'control' ? 'control' : 'agent');
  const families = readMetricsText(answer);
  const chosen = asked === 'control' || asked === 'agent' ? families : ofService(families, asked);
  if (chosen.length === 0)
    throw new CliError('usage', `no process \`${asked}\` says anything of itself`, {
      hint: 'use control, agent, gateway, or the name of a service that runs on this host',
    });
  output.result({ schemaVersion: 1, process: asked, families: chosen }, () =>
    chosen === families ? answer : chosen.flatMap(linesOf).join('\n'),
  );
  return exitCode.done;
};

export async function metricsOf(invocation: Invocation, process: 'control' | 'agent'): Promise<string> {
  const { dataDir } = locate(invocation);
  if (process === 'control') return openApi(readAccess(dataDir)).text('/metrics');
  const state = readState(dataDir);
  if (state === undefined)
    throw new CliError('not-running', `nothing runs in \`${dataDir}\``, { hint: 'start it with `tricordon up`' });
  return readAgentText(state.agentSocket, '/metrics');
}

function ofService(families: readonly ReadFamily[], service: string): ReadFamily[] {
  return families
    .map((family) => ({ ...family, samples: family.samples.filter(({ labels }) => labels['service'] === service) }))
    .filter(({ samples }) => samples.length > 0);
}

function linesOf({ samples }: ReadFamily): string[] {
  return samples.map(({ name, labels, value }) => {
    const pairs = Object.entries(labels).map(([key, said]) => `${key}=${said}`);
    return `${name}  ${pairs.join(' ')}  ${value}`;
  });
}
