import { type Rule, who } from './rule.js';

const socket = /\/(?:docker|containerd|podman|crio)\.sock$/;

export const engineSocket: Rule = {
  id: 'RT-009',
  title: "A container engine's control socket was used",
  layer: 'runtime',
  severity: 'critical',
  tactic: 'TA0004',
  technique: 'T1611',
  description: 'Who may speak to the container engine is root on the host.',
  kinds: ['connect', 'open'],
  match(observation) {
    const { event } = observation;
    const path = event.kind === 'connect' ? event.address : event.kind === 'open' ? event.path : '';
    if (!socket.test(path)) return undefined;
    const failed = (event.kind === 'connect' || event.kind === 'open') && event.failed === true;
    return {
      title: `${who(observation)} ${failed ? 'reached for' : 'used'} a container engine's control socket`,
      detail: path,
      ...(failed ? { severity: 'high' as const } : {}),
    };
  },
  examples: {
    hit: [
      [{ kind: 'connect', protocol: 'unix', address: '/var/run/docker.sock', port: 0 }],
      [{ kind: 'open', path: '/run/containerd/containerd.sock', write: true, failed: true }],
    ],
    miss: [{ kind: 'connect', protocol: 'unix', address: '/run/postgresql/.s.PGSQL.5432', port: 0 }],
  },
};
