import { printable } from '../../base/index.js';
import type { Observation } from '../../model/index.js';
import type { ObservationsAnswer } from '../../server/index.js';
import { type Command, exitCode, flag, text } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const api = apiOf(invocation);
  const query = new URLSearchParams({ limit: text(invocation, 'limit') ?? '50' });
  for (const name of ['service', 'layer']) {
    const value = text(invocation, name);
    if (value !== undefined) query.set(name, value);
  }
  const first = await api.get<ObservationsAnswer>(`/v1/observations?${query}`);
  for (const observation of [...first.observations].reverse()) output.row(observation, () => line(observation));
  if (!flag(invocation, 'follow')) return exitCode.done;
  let stop = false;
  process.once('SIGINT', () => {
    stop = true;
  });
  let cursor = first.cursor;
  while (!stop) {
    query.set('after', cursor);
    const more = await api.get<ObservationsAnswer>(`/v1/observations?${query}`);
    cursor = more.cursor;
    for (const observation of more.observations) output.row(observation, () => line(observation));
    if (more.observations.length === 0) await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return exitCode.done;
};

function line(observation: Observation): string {
  const { event } = observation;
  return `${new Date(observation.at).toISOString()}  ${observation.layer.padEnd(7)}  ${(observation.service ?? '-').padEnd(12)}  ${event.kind.padEnd(14)}  ${printable(summary(event), 200)}`;
}

function summary(event: Observation['event']): string {
  switch (event.kind) {
    case 'exec':
      return `${event.args.join(' ') || event.path}${event.refused === true ? ' (refused)' : ''}`;
    case 'open':
      return `${event.write ? 'write' : 'read'} ${event.path}${event.refused === true ? ' (refused)' : ''}`;
    case 'connect':
      return `${event.protocol} ${event.address}:${event.port}`;
    case 'accept':
      return `from ${event.address}:${event.port}`;
    case 'flow':
      return `${event.direction} ${event.peer ?? event.address}:${event.port} ${event.verdict.effect} (${event.verdict.reason})`;
    case 'request':
      return `${event.direction} ${event.method} ${event.path} ${event.status ?? ''} ${event.verdict.effect} (${event.verdict.reason})`;
    case 'denied-syscall':
      return event.name ?? String(event.number);
    case 'stdio-socket':
      return `descriptor ${event.descriptor}`;
    case 'exit':
      return `status ${event.status ?? '?'}`;
    case 'sensor':
      return `${event.state} ${event.detail ?? ''} ${event.lost === undefined ? '' : `lost ${event.lost}`}`;
    default:
      return event satisfies never;
  }
}
