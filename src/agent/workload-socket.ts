/** The Workload API of one workload: a socket in a folder of its own, closed to all others. */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from '../base/index.js';
import { serveWorkloadApi, type Svid } from '../identity/index.js';
import type { HostIdentity } from './host-identity.js';

export interface WorkloadSocketOptions {
  readonly host: Pick<HostIdentity, 'bundles' | 'onTrust'>;
  readonly rootMode: boolean;
  readonly log: Logger;
}

/** Returns what closes it. */
export async function serveWorkloadSocket(
  socketPath: string,
  current: () => Svid | undefined,
  onChange: (changed: () => void) => void,
  { host, rootMode, log }: WorkloadSocketOptions,
): Promise<() => Promise<void>> {
  mkdirSync(dirname(socketPath), { recursive: true });
  chmodSync(dirname(socketPath), rootMode ? 0o711 : 0o700);
  const api = await serveWorkloadApi({
    socketPath,
    // The folder above is closed to all but us; the workload gets this socket's own folder mounted.
    mode: rootMode ? 0o666 : 0o600,
    state: () => {
      const svid = current();
      return svid === undefined ? { kind: 'starting' } : { kind: 'ready', svids: [svid], bundles: host.bundles() };
    },
    onChange: (listener) => {
      onChange(listener);
      return host.onTrust(listener);
    },
    logger: log,
  });
  return () => api.close();
}
