/** The processes of the house, found as `tricordon status` finds them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentStatus } from '../../agent/index.js';
import type { StatusAnswer } from '../../server/index.js';
import { askAgent } from '../agent-socket.js';
import type { Api } from '../api.js';
import { CliError } from '../command.js';
import { patiently } from '../patient-api.js';
import { readState } from '../state-file.js';
import type { DemoPlace } from './location.js';

export interface Part {
  readonly name: string;
  readonly pid: number;
}
type Say = (line: string) => void;

export async function partsOf(place: DemoPlace, say: Say): Promise<readonly Part[]> {
  const agent = await agentStatus(place, say);
  return [
    ...(readState(place.house)?.processes ?? []),
    ...agent.planes.map(({ service, pid }) => ({
      name: service === 'gateway' ? service : `${service}'s sidecar`,
      pid,
    })),
    ...agent.workloads.flatMap(({ service, pid }) => (pid === null ? [] : [{ name: service, pid }])),
  ];
}

/** Names of those that ended since: what took their place is another process. */
export function endedSince(before: readonly Part[], now: readonly Part[]): readonly string[] {
  return before.filter((part) => !now.some(({ name, pid }) => name === part.name && pid === part.pid)).map(nameOf);
}

/** Until every data plane process of this host has in force what the control plane has decided. */
export async function heldEverywhere(api: Api, place: DemoPlace, say: Say): Promise<void> {
  const { revision } = await api.get<StatusAnswer>('/v1/status');
  for (const deadline = performance.now() + 60_000; ; await sleep(50)) {
    const { planes } = await agentStatus(place, say);
    const behind = planes.filter((plane) => plane.revision === null || plane.revision < revision);
    if (behind.length === 0) return;
    if (performance.now() > deadline)
      throw new CliError('demo-failed', `not held yet: ${behind.map(({ service }) => service).join(', ')}`, {
        hint: 'look at the log of the agent with --keep',
      });
  }
}

/** Who watches the runtime layer now. Waits, within bounds, until it is `expected`: a tracer takes a while to come back. */
export async function sight(place: DemoPlace, say: Say, expected?: string): Promise<AgentStatus['sight']> {
  for (const deadline = performance.now() + 60_000; ; await sleep(250)) {
    const { sight } = await agentStatus(place, say);
    if (expected === undefined || sight.by === expected || performance.now() > deadline) return sight;
  }
}

function agentStatus(place: DemoPlace, say: Say): Promise<AgentStatus> {
  return patiently(
    async () => {
      const state = readState(place.house);
      if (state === undefined) throw new CliError('not-running', `nothing runs in \`${place.house}\``);
      return askAgent(state.agentSocket, 'GET', '/status', undefined, AgentStatus);
    },
    { who: 'the agent', say },
  );
}

function nameOf({ name }: Part): string {
  return name;
}
