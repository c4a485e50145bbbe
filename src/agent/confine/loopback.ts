/**
 * The last rung: nothing is captured; the sidecar listens on loopback, and the command is told where. As root the command
 * still gets its own cgroup, where the host lets us make one, and its own user.
 */
import { mkdirSync } from 'node:fs';
import { killCgroup, removeCgroup } from './cgroup.js';
import { mayTraceOthers } from './eyes.js';
import { ConfineError } from './errors.js';
import { mayOwnUserNamespace, netns } from './netns.js';
import type { CaptureSpec, Prepared, Rung } from './rung.js';
import { canFilter, cgroupOfWorkload } from './tools.js';
import { userns } from './userns.js';

export const loopback: Rung = {
  name: 'loopback',
  probe: async () => ({ usable: true }),
  prepare,
  cleanup: async ({ cgroupPath }) => {
    if (cgroupPath === null) return;
    await killCgroup(cgroupPath);
    await removeCgroup(cgroupPath);
  },
  isolate: unavailable,
  rejoin: unavailable,
};

async function prepare(spec: CaptureSpec): Promise<Prepared> {
  const { cgroupPath, cgroup } = loopbackFacts(spec);
  if (cgroupPath !== null) mkdirSync(cgroupPath, { recursive: true, mode: 0o755 });
  const fix = await captureFix();
  const gaps = [
    { what: 'the command can go around its sidecar: its traffic is not captured', fix },
    { what: 'a neighbour on this host can call the command beside its sidecar', fix },
  ];
  if (isRoot() && cgroupPath === null)
    gaps.push({
      what: 'no own cgroup: a process that leaves its parents by a double fork is neither watched nor paused',
      fix: 'mount the cgroup v2 hierarchy so that root can write to it',
    });
  return {
    rung: 'loopback',
    spec,
    place: { kind: 'host' },
    holder: null,
    virtualAddresses: [],
    redirectPort: null,
    cgroupPath,
    cgroup,
    hostsFile: null,
    hideSockets: [],
    // In a user namespace of its own we could not read the command ourselves without the right to trace others.
    ownUserNamespace: isRoot() && mayTraceOthers() && (await mayOwnUserNamespace(spec)),
    seccomp: await canFilter(),
    gaps,
  };
}

/** What follows from a spec alone, so that whoever is handed a `Prepared` can check it. */
export function loopbackFacts(spec: Pick<CaptureSpec, 'instance' | 'workload'>) {
  const cgroup = isRoot() ? cgroupOfWorkload(spec.instance, spec.workload) : undefined;
  return { cgroupPath: cgroup?.path ?? null, cgroup: cgroup?.cgroup ?? null };
}

/** What would lead to a rung that captures. */
async function captureFix(): Promise<string> {
  const { fix } = await (isRoot() ? netns : userns).probe();
  return fix ?? 'run with sudo';
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function unavailable(): Promise<never> {
  throw new ConfineError('rung-unusable', 'on the loopback rung no packet filter stands between command and network', {
    hint: `${await captureFix()}; the sidecars refuse the service meanwhile`,
  });
}
