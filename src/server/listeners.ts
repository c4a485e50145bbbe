/** The doors of the control plane. */
import { kibibytes, type ListenerFact, seconds } from '../base/index.js';
import { enrolRate } from './agents/listener.js';
import { agentLimits } from './agents/protocol.js';
import { bodyBytes } from './http/app.js';
import { callerRate } from './http/console-listener.js';
import { limits } from './http/listener.js';
import { linkRate } from './routes/session.js';

const http = [
  `${limits.connections} connections; when it is full, those that say nothing give way`,
  `head ${kibibytes(limits.headerBytes)} within ${seconds(limits.headersMs)}, TLS handshake ${seconds(limits.handshakeMs)}`,
  `idle ${seconds(limits.keepAliveMs)}, ${limits.requestsPerConnection} requests on one connection`,
];

export const serverListeners: readonly ListenerFact[] = [
  {
    name: 'console and API',
    process: 'control plane',
    where: '`console.listen`',
    socket: { tcp: /^127\.0\.0\.1$/ },
    transport: 'HTTPS (TLS 1.3), our own certificate',
    authentication:
      'session cookie with CSRF header, or `Authorization: Bearer`; roles by route ([who may what](roles.md)); the `Host` must be ours',
    limits: [
      ...http,
      `body ${kibibytes(bodyBytes)} (contracts 1 MiB), JSON only, whole request ${seconds(limits.requestMs)}`,
      `one-time links: ${linkRate.burst} at once, ${linkRate.perMinute} a minute of one source; passwords get slow ([how](../guide/people.md#when-somebody-cannot-sign-in))`,
      `${callerRate.burst} requests at once, ${callerRate.perMinute} a minute of one session or token`,
      '100 event streams',
    ],
  },
  {
    name: 'agents',
    process: 'control plane',
    where: '`agents.listen`',
    socket: { tcp: /^127\.0\.0\.1$/ },
    transport: 'HTTPS (TLS 1.3), mutual',
    authentication:
      'X509-SVID of an agent whose serial number counts now, for its own host only; enrolment: one-time token, no certificate',
    limits: [
      ...http,
      `body ${kibibytes(bodyBytes)}, observations ${kibibytes(agentLimits.observationBytes)} and ${agentLimits.observationRows} rows, evidence ${kibibytes(agentLimits.evidenceFileBytes)} a file`,
      `enrolment: ${enrolRate.burst} at once, ${enrolRate.perMinute} a minute of one source`,
    ],
  },
];
