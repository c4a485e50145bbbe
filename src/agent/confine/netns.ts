/** Root's rung: a named network namespace, an own v2 cgroup, and a launch that builds the rest (see launch.ts). */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { exec } from '../../base/index.js';
import { killCgroup, removeCgroup } from './cgroup.js';
import { resolverAddress, resolverFile, resolverPath } from './dns-over-tcp.js';
import { ConfineError } from './errors.js';
import type { CaptureSpec, Prepared, Rung, RungProbe } from './rung.js';
import { isolateRules, rejoinRules, ruleset } from './ruleset.js';
import { canFilter, cgroupOfWorkload, listeningSockets, namespaceName, programs, tool } from './tools.js';
import { hostsFile, virtualAddresses } from './virtual-addresses.js';

export const redirectPort = 15_001;

export const netns: Rung = { name: 'netns', probe, prepare, cleanup, isolate, rejoin };

async function probe(): Promise<RungProbe> {
  if (process.platform !== 'linux') return { usable: false, reason: 'not Linux' };
  if (process.getuid?.() !== 0) return { usable: false, reason: 'not root', fix: 'run with sudo' };
  const found = programs(['ip', 'nft', 'nsenter', 'unshare', 'setpriv', 'mount']);
  if (!found.usable) return found;
  const name = `tricordon-probe-${process.pid}-${randomBytes(4).toString('hex')}`;
  const made = await exec('ip', ['netns', 'add', name], { timeoutMs: 10_000 });
  if (made.status !== 0) {
    // No answer is no refusal: whoever asks must not take a weaker rung for it.
    if (made.status === null) throw new ConfineError('step-failed', '`ip netns add` gave no answer');
    return {
      usable: false,
      reason: 'the kernel refuses network namespaces',
      fix: 'run on the host itself, or in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN',
    };
  }
  const rules = await inside(name, 'nft', ['-c', '-f', '-'], ruleset({ redirectPort, addresses: [], port: null }));
  await exec('ip', ['netns', 'delete', name], { timeoutMs: 10_000 });
  if (rules) return { usable: true };
  return { usable: false, reason: 'the kernel has no nftables redirect', fix: 'modprobe nft_redir nf_nat' };
}

async function prepare(spec: CaptureSpec): Promise<Prepared> {
  if (spec.uid === 0) {
    throw new ConfineError('spec-refused', 'a protected command does not run as root', {
      hint: 'name a user with --user',
    });
  }
  const addresses = virtualAddresses(spec.calls);
  const { name, hostsFile: hosts, cgroupPath, cgroup } = netnsFacts(spec);
  const prepared: Prepared = {
    rung: 'netns',
    spec,
    place: { kind: 'netns', name },
    holder: null,
    virtualAddresses: addresses,
    redirectPort,
    cgroupPath,
    cgroup,
    hostsFile: hosts,
    hideSockets: listeningSockets(),
    ownUserNamespace: await mayOwnUserNamespace(spec),
    seccomp: await canFilter(),
    gaps: [],
  };
  try {
    await build(prepared, () => tool('ip', ['netns', 'add', name]));
  } catch (error) {
    await cleanup(prepared);
    throw error;
  }
  return { ...prepared, gaps: gapsOf(prepared) };
}

/** Cgroup, hosts file and network namespace, with everything in force that captures; `make` when there is none yet. */
export async function build(prepared: Prepared, make: () => Promise<unknown>): Promise<void> {
  const { spec, virtualAddresses: addresses } = prepared;
  const { name, hostsFile: hosts, cgroupPath } = netnsFacts(spec);
  if (cgroupPath !== null) mkdirSync(cgroupPath, { recursive: true, mode: 0o755 });
  writeHosts(hosts, hostsFile(spec.service, hostname(), addresses));
  writeHosts(resolverPath(hosts), resolverFile);
  if (!existsSync(`/run/netns/${name}`)) await make();
  await tool('nsenter', [`--net=/run/netns/${name}`, '--', '/bin/sh', '-c', setup], '');
  await inNamespace(name, 'nft', ['-f', '-'], ruleset({ redirectPort, addresses, port: spec.port }));
}

/**
 * Loopback up, every IPv4 address local (AnyIP) so that a connection may start at all, no IPv6. C libraries ask for no
 * IPv4 address of a name where 127.0.0.1 is all there is (`AI_ADDRCONFIG`, RFC 3493), so there is another one.
 */
export const setup = [
  'ip link set lo up',
  'ip route replace local default dev lo',
  `ip address replace ${resolverAddress}/32 dev lo scope host`,
  'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 2>/dev/null || true',
].join('\n');

async function cleanup(prepared: Prepared): Promise<void> {
  const { place, cgroupPath } = prepared;
  if (cgroupPath !== null) {
    await killCgroup(cgroupPath);
    await removeCgroup(cgroupPath);
  }
  if (place.kind === 'netns' && existsSync(`/run/netns/${place.name}`))
    await tool('ip', ['netns', 'delete', place.name]);
  if (prepared.hostsFile !== null)
    for (const file of [prepared.hostsFile, resolverPath(prepared.hostsFile)]) rmSync(file, { force: true });
  try {
    rmdirSync(hostsFolder);
  } catch {
    // other workloads have theirs in it
  }
}

async function isolate({ place }: Prepared): Promise<void> {
  if (place.kind === 'netns') await inNamespace(place.name, 'nft', ['-f', '-'], isolateRules);
}

async function rejoin({ place }: Prepared): Promise<void> {
  if (place.kind === 'netns') await inNamespace(place.name, 'nft', ['-f', '-'], rejoinRules);
}

/** A user namespace of the command's own keeps it from tracing or entering processes of the same user outside. */
export async function mayOwnUserNamespace({ uid, gid }: Pick<CaptureSpec, 'uid' | 'gid'>): Promise<boolean> {
  const args = ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--keep-caps', '--', 'true'];
  const user = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--', 'unshare', ...args];
  return (await exec('setpriv', user, { cwd: '/', timeoutMs: 10_000 })).status === 0;
}

function gapsOf(prepared: Prepared): Prepared['gaps'] {
  const gaps: Prepared['gaps'] = [];
  if (!prepared.ownUserNamespace) {
    gaps.push({
      what: `processes of uid ${prepared.spec.uid} outside can be traced by the command: no user namespace of its own`,
      fix: 'sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000',
    });
  }
  if (!prepared.seccomp) gaps.push({ what: 'no system call filter', fix: 'npm install --include=optional' });
  if (prepared.cgroupPath === null) gaps.push({ what: 'no own cgroup', fix: 'mount -t cgroup2 none /sys/fs/cgroup' });
  return gaps;
}

/** Written by root, so in a folder that only root can change, never in one of the agent's. */
const hostsFolder = '/run/tricordon-hosts';

/** Names and paths that follow from a spec alone, so that whoever is handed a `Prepared` can check it. */
export function netnsFacts(spec: Pick<CaptureSpec, 'instance' | 'workload'>) {
  const name = namespaceName(spec.instance, spec.workload);
  const cgroup = cgroupOfWorkload(spec.instance, spec.workload);
  return {
    name,
    hostsFile: `${hostsFolder}/${name}`,
    cgroupPath: cgroup?.path ?? null,
    cgroup: cgroup?.cgroup ?? null,
  };
}

function writeHosts(path: string, text: string): void {
  mkdirSync(hostsFolder, { recursive: true, mode: 0o755 });
  const folder = lstatSync(hostsFolder);
  if (!folder.isDirectory() || folder.uid !== 0 || (folder.mode & 0o022) !== 0) {
    throw new ConfineError('step-failed', `\`${hostsFolder}\` can be written by others than root`, {
      hint: `remove it and try again`,
    });
  }
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o644, flag: 'wx' });
}

/** The ordinary user's place for the same. */
export function hostsPath(spec: Pick<CaptureSpec, 'runtimeDir' | 'instance' | 'workload'>): string {
  return `${spec.runtimeDir}/h/${namespaceName(spec.instance, spec.workload)}`;
}

async function inNamespace(name: string, file: string, args: readonly string[], input: string): Promise<string> {
  return await tool('nsenter', [`--net=/run/netns/${name}`, '--', file, ...args], input);
}

async function inside(name: string, file: string, args: readonly string[], input: string): Promise<boolean> {
  return await inNamespace(name, file, args, input).then(
    () => true,
    () => false,
  );
}
