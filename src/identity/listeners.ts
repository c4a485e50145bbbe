/** The Workload API, one socket for each workload. */
import { type ListenerFact, seconds } from '../base/index.js';
import { mostSessions, mostStreams, patienceMs } from './workload-api/server.js';

export const identityListeners: readonly ListenerFact[] = [
  {
    name: 'Workload API',
    process: 'agent',
    where: '`w/ID/api.sock` in the runtime directory, `SPIFFE_ENDPOINT_SOCKET` of the workload',
    socket: { path: /\/w\/[^/]+\/[^/]+\.sock$/ },
    transport: 'gRPC on HTTP/2 over a Unix socket (SPIFFE Workload API)',
    authentication:
      'by place: one socket for each workload, mounted into that workload alone beneath a folder that is closed to others; as an ordinary user any process of that user',
    limits: [
      `${mostSessions} connections with ${mostStreams} streams each`,
      `idle ${seconds(patienceMs)}`,
      'head 8 KiB',
    ],
  },
];
