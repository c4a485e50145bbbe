/** The doors of a data plane process. */
import { kibibytes, type ListenerFact, seconds } from '../base/index.js';
import { maxControlLine } from './control-protocol.js';
import { mostStreams } from './hop/frames.js';
import { limits } from './http1/refusal.js';
import { defaultTimeouts } from './http-hop.js';
import { mostConnections } from './plane-state.js';

const connections = `${mostConnections} connections of one process`;
const http = [
  connections,
  `head ${kibibytes(limits.head)} and ${limits.fields} fields within ${seconds(defaultTimeouts.head)}, target ${kibibytes(limits.target)}, trailers ${kibibytes(limits.trailers)}`,
  `idle ${seconds(defaultTimeouts.idle)}, body ${seconds(defaultTimeouts.body)} without a byte, answer ${seconds(defaultTimeouts.answer)}; bodies stream and are never held whole`,
];

export const trafficListeners: readonly ListenerFact[] = [
  {
    name: 'public door',
    process: 'gateway',
    where: '`publish` of a service',
    socket: { tcp: /./ },
    transport: 'HTTP/1.1 in the clear (TLS belongs in front of it), or opaque TCP',
    authentication: 'none at this hop: the caller is `gateway`, and the service’s contract decides about each request',
    limits: http,
  },
  {
    name: 'mesh',
    process: 'sidecar',
    where: '`mesh.address`, a port that the kernel chooses',
    socket: { tcp: /./ },
    transport: 'mutual TLS 1.3; HTTP/1.1, many requests on one connection between sidecars, or opaque TCP',
    authentication: 'X509-SVID of a service of the trust domain that is not revoked; both contracts decide',
    limits: [...http, `${mostStreams} requests at once on one connection of a sidecar`],
  },
  {
    name: 'calls of a workload',
    process: 'sidecar',
    where: 'in the workload’s network namespace; a loopback port where there is none',
    socket: { tcp: /^127\.0\.0\.1$/ },
    transport: 'HTTP/1.1 or TCP in the clear',
    authentication: 'by place: only that workload reaches it; on the `loopback` rung any process of the host does',
    limits: http,
  },
  {
    name: 'control of a data plane',
    process: 'sidecar',
    where: '`p/ID.sock` in the runtime directory',
    socket: { path: /\/p\/[^/]+\.sock$/ },
    transport: 'JSON lines on a Unix socket, mode 0600 in a directory 0700',
    authentication: 'the agent’s account and root, by the kernel; one agent at a time',
    limits: [`a line of ${kibibytes(maxControlLine)}`],
  },
];
