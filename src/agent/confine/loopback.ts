/** The last rung: nothing is captured; the sidecar listens on loopback, and the command is told where. */
import type { CaptureSpec, Prepared, Rung } from './rung.js';
import { canFilter } from './tools.js';
import { ConfineError } from './errors.js';

export const loopback: Rung = {
  name: 'loopback',
  probe: async () => ({ usable: true }),
  prepare: async (spec: CaptureSpec): Promise<Prepared> => ({
    rung: 'loopback',
    spec,
    place: { kind: 'host' },
    holder: null,
    virtualAddresses: [],
    redirectPort: null,
    cgroupPath: null,
    cgroup: null,
    hostsFile: null,
    hideSockets: [],
    ownUserNamespace: false,
    seccomp: await canFilter(),
    gaps: [
      { what: 'the command can go around its sidecar: its traffic is not captured', fix: 'run with sudo' },
      { what: 'a neighbour on this host can call the command beside its sidecar', fix: 'run with sudo' },
    ],
  }),
  cleanup: async () => {},
  isolate: async () => unavailable(),
  rejoin: async () => unavailable(),
};

function unavailable(): never {
  throw new ConfineError('rung-unusable', 'on the loopback rung no packet filter stands between command and network', {
    hint: 'run with sudo, or allow user namespaces; the sidecars refuse the service meanwhile',
  });
}
