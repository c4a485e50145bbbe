import type { ServiceRegistered } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { apiOf } from '../signed-in.js';

/** Lets a host run services that belong to another one so far. */
export const command: Command = async (invocation) => {
  const api = apiOf(invocation);
  const [host, ...services] = invocation.arguments;
  const allowed: ServiceRegistered[] = [];
  for (const service of services) allowed.push(await api.post('/v1/services', { service, addHosts: [host] }));
  invocation.output.result({ schemaVersion: 1, host, services: allowed }, () =>
    allowed.map(({ service, hosts }) => `${service} may run on ${(hosts ?? []).join(', ')}`).join('\n'),
  );
  return exitCode.done;
};
