/** The doors of an agent. */
import { kibibytes, type ListenerFact, seconds } from '../base/index.js';
import { localLimits } from './local-api.js';
import { metricsLimits } from './metrics/listener.js';

export const agentListeners: readonly ListenerFact[] = [
  {
    name: 'agent’s own socket',
    process: 'agent',
    where: '`agent.sock` in the runtime directory',
    socket: { path: /\/agent\.sock$/ },
    transport: 'HTTP on a Unix socket, mode 0600 in a directory 0700',
    authentication: 'the file’s owner and root, by the kernel',
    limits: [
      `${localLimits.connections} connections, head ${kibibytes(localLimits.headerBytes)} within ${seconds(localLimits.headersMs)}`,
      `body ${kibibytes(localLimits.bodyBytes)}; wrong break-glass codes one after the other, one a second`,
    ],
  },
  {
    name: 'agent’s metrics',
    process: 'agent',
    where: '`agent.metrics.listen`; off unless set',
    socket: { tcp: /^127\.0\.0\.1$/ },
    transport: 'HTTP, read only, one path',
    authentication: 'none: whoever can reach the address; the `Host` must be a loopback one',
    limits: [
      `${metricsLimits.connections} connections, head ${kibibytes(metricsLimits.headerBytes)}, ${seconds(metricsLimits.requestMs)} a request, no body`,
    ],
  },
];
