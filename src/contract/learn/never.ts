/** What is never learned, however often it is seen: an attacker during learning would otherwise be approved. */
import { cidrMatcher } from '../compile/peers.js';

const shells = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'csh', 'tcsh', 'fish', 'busybox'];
const packageManagers = [
  'apt',
  'apt-get',
  'dpkg',
  'rpm',
  'yum',
  'dnf',
  'apk',
  'pacman',
  'pip',
  'pip3',
  'npm',
  'npx',
  'gem',
];
const tools = [
  'curl',
  'wget',
  'nc',
  'ncat',
  'netcat',
  'socat',
  'nmap',
  'gdb',
  'strace',
  'ltrace',
  'nsenter',
  'unshare',
  'mount',
  'docker',
  'kubectl',
];
const programs = new Map<string, string>([
  ...shells.map((name) => [name, 'a shell'] as const),
  ...packageManagers.map((name) => [name, 'a package manager'] as const),
  ...tools.map((name) => [name, 'a tool for moving data, tracing or escaping'] as const),
]);

/** Why a program is never learned, or undefined. `/usr/bin/bash5.2` and `/bin/nc.openbsd` count by their first word. */
export function neverLearnedProgram(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return programs.get(name) ?? programs.get(/^[a-z]+/.exec(name)?.[0] ?? '');
}

/** True for a command interpreter. */
export function isShell(path: string): boolean {
  return neverLearnedProgram(path) === 'a shell';
}

const linkLocal = [cidrMatcher('169.254.0.0/16'), cidrMatcher('fd00:ec2::254/128'), cidrMatcher('100.100.100.200/32')];

/** True for the addresses at which clouds hand out instance credentials. */
export function isMetadataAddress(address: string): boolean {
  return linkLocal.some((matches) => matches(address));
}

const local = [
  cidrMatcher('127.0.0.1/32'),
  cidrMatcher('::1/128'),
  cidrMatcher('198.18.0.0/15'),
  cidrMatcher('0.0.0.0/8'),
];

/**
 * True for addresses that only mean something inside the workload's own namespace: 127.0.0.1, where our own listeners
 * are too, and 198.18.0.0/15, where captured names resolve to (docs/architecture.md, Capture). What goes there is judged
 * by the flow our data plane sees. Other loopback addresses are places like any other.
 */
export function isLocalAddress(address: string): boolean {
  return local.some((matches) => matches(address));
}

/** Why a file is never learned, or undefined. */
export function neverLearnedFile(path: string): string | undefined {
  if (/\/(?:docker|containerd|crio|podman)\.sock$/.test(path)) return 'the control socket of a container engine';
  if (/^\/proc\/(?:sys\/kernel\/core_pattern|sysrq-trigger|kcore|kmem|[^/]+\/mem)$/.test(path))
    return 'a way out of a sandbox';
  return undefined;
}
