/** Whether this host has the parts that we use when they are there. One truth for `doctor`, `up` and the tests. */
import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs';
import { release } from 'node:os';
import { callEngine, engineSocketPath } from './engine-socket.js';
import { messageOf, printable } from './errors.js';
import { exec, which } from './exec.js';

export interface ProbeResult {
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found, in a few words. */
  readonly detail: string;
  /** The command or step that would mend it. */
  readonly fix?: string;
}

export interface Probe {
  readonly name: string;
  readonly category: 'host' | 'runtime' | 'network' | 'store' | 'test';
  readonly title: string;
  run(): Promise<ProbeResult>;
}

export const probes: readonly Probe[] = [
  { name: 'linux', category: 'host', title: 'Linux on x64 or arm64', run: linux },
  { name: 'node', category: 'host', title: 'supported Node.js', run: nodeVersion },
  { name: 'root', category: 'host', title: 'running as root', run: root },
  { name: 'cgroup2', category: 'host', title: 'cgroup v2 hierarchy', run: cgroup2 },
  { name: 'userns', category: 'network', title: 'unprivileged user namespaces', run: userNamespaces },
  { name: 'nftables', category: 'network', title: 'nftables', run: () => program('nft', 'nftables', ['--version']) },
  { name: 'iproute2', category: 'network', title: 'iproute2', run: () => program('ip', 'iproute2', ['-V']) },
  { name: 'koffi', category: 'network', title: 'native calls (koffi)', run: koffi },
  { name: 'landlock', category: 'runtime', title: 'Landlock, which refuses programs and files', run: landlock },
  { name: 'bpftrace', category: 'runtime', title: 'bpftrace with kernel tracepoints', run: bpftrace },
  { name: 'bpf', category: 'runtime', title: 'programs of our own in the kernel', run: bpf },
  { name: 'strace', category: 'runtime', title: 'strace on our own children', run: strace },
  {
    name: 'bubblewrap',
    category: 'runtime',
    title: 'bubblewrap',
    run: () => program('bwrap', 'bubblewrap', ['--version']),
  },
  { name: 'docker', category: 'runtime', title: 'Docker Engine', run: docker },
  { name: 'postgresql', category: 'store', title: 'PostgreSQL 14 or newer', run: postgresql },
  { name: 'chromium', category: 'test', title: 'Chromium', run: () => program('chromium', 'chromium', ['--version']) },
  { name: 'go', category: 'test', title: 'Go toolchain', run: () => program('go', 'golang-go', ['version']) },
  { name: 'python', category: 'test', title: 'Python 3', run: () => program('python3', 'python3', ['--version']) },
  { name: 'nginx', category: 'test', title: 'nginx', run: () => program('nginx', 'nginx-light', ['-v']) },
  { name: 'openssl', category: 'test', title: 'openssl', run: () => program('openssl', 'openssl', ['version']) },
  { name: 'curl', category: 'test', title: 'curl', run: () => program('curl', 'curl', ['--version']) },
];

/** Runs one probe by name; an unknown name is a programming error and fails. */
export async function probe(name: string): Promise<ProbeResult> {
  const found = probes.find((candidate) => candidate.name === name);
  return found === undefined ? { status: 'fail', detail: `there is no probe \`${name}\`` } : found.run();
}

/** The mount point of the cgroup v2 hierarchy (`/sys/fs/cgroup`, or `/sys/fs/cgroup/unified` on hybrid hosts). */
export function cgroup2Mount(): string | undefined {
  for (const line of readText('/proc/self/mounts').split('\n')) {
    const [, where, type] = line.split(' ');
    if (type === 'cgroup2' && where !== undefined) return where;
  }
  return undefined;
}

/** Whether we may make folders there now: not with a read-only mount, root or not. */
export function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** `bin` folders that may hold PostgreSQL servers, newest first. */
export function postgresFolders(): string[] {
  const folders: string[] = [];
  for (const base of ['/usr/lib/postgresql', '/usr/pgsql', '/opt/homebrew/opt']) {
    if (!existsSync(base)) continue;
    const versions = readdirSync(base)
      .filter((name) => /^\d+$/.test(name))
      .sort((a, b) => Number(b) - Number(a));
    folders.push(...versions.map((version) => `${base}/${version}/bin`));
  }
  const onPath = which('postgres');
  if (onPath !== undefined) folders.push(onPath.slice(0, -'/postgres'.length));
  return folders.filter((folder) => existsSync(`${folder}/postgres`) && existsSync(`${folder}/initdb`));
}

async function linux(): Promise<ProbeResult> {
  if (process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')) {
    return {
      status: 'ok',
      detail: `${process.platform} ${process.arch}, kernel ${readText('/proc/sys/kernel/osrelease').trim()}`,
    };
  }
  return {
    status: 'fail',
    detail: `${process.platform} ${process.arch}`,
    fix: 'run the control plane and agents on Linux x64 or arm64',
  };
}

async function nodeVersion(): Promise<ProbeResult> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return { status: 'fail', detail: process.version, fix: 'install Node.js 20.19 or newer' };
  }
  if (major < 22)
    return { status: 'warn', detail: `${process.version} no longer gets security fixes`, fix: 'install Node.js 24' };
  return { status: 'ok', detail: process.version };
}

async function root(): Promise<ProbeResult> {
  if (process.getuid?.() === 0) return { status: 'ok', detail: 'uid 0' };
  return {
    status: 'warn',
    detail: `uid ${process.getuid?.() ?? '?'}: weaker confinement, and keys lie open to this user`,
    fix: 'run with sudo',
  };
}

async function cgroup2(): Promise<ProbeResult> {
  const mount = cgroup2Mount();
  if (mount === undefined)
    return { status: 'warn', detail: 'not mounted', fix: 'mount -t cgroup2 none /sys/fs/cgroup' };
  if (process.getuid?.() !== 0 || mayWrite(mount)) return { status: 'ok', detail: mount };
  return {
    status: 'warn',
    detail: `${mount} is read-only: commands get no cgroup of their own`,
    fix: 'run on the host itself, or in a container that may write to it',
  };
}

async function userNamespaces(): Promise<ProbeResult> {
  const unshare = which('unshare');
  if (unshare === undefined)
    return { status: 'warn', detail: '`unshare` not found', fix: 'apt-get install util-linux' };
  const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const done = await exec(unshare, ['-Urn', 'true'], { timeoutMs: 10_000, cwd: '/', ...unprivileged });
  if (done.status === 0) return { status: 'ok', detail: 'allowed' };
  return {
    status: 'warn',
    detail: 'refused by the kernel',
    fix: 'sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000',
  };
}

async function koffi(): Promise<ProbeResult> {
  try {
    await import('koffi');
    return { status: 'ok', detail: 'loaded' };
  } catch {
    return {
      status: 'warn',
      detail: 'not installed: traffic cannot be captured',
      fix: 'npm install --include=optional',
    };
  }
}

async function landlock(): Promise<ProbeResult> {
  const version = await landlockVersion();
  if (version === undefined)
    return {
      status: 'warn',
      detail: 'no native calls (koffi): the runtime layer is observed, not refused',
      fix: 'npm install --include=optional',
    };
  if (version > 0) return { status: 'ok', detail: `interface ${version}` };
  return {
    status: 'warn',
    detail: 'not in this kernel or switched off: the runtime layer is observed, not refused',
    fix: 'use Linux 5.13 or newer, started with landlock in lsm=',
  };
}

/** The version of the kernel's Landlock interface, 0 without one; undefined where native calls cannot be made. */
export async function landlockVersion(): Promise<number | undefined> {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) return undefined;
  try {
    const { default: native } = await import('koffi');
    const syscall = native.load(null).func('long syscall(long number, size_t a, size_t b, size_t c)');
    // landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION)
    return Math.max(0, Number(syscall(444, 0, 0, 1)));
  } catch {
    return undefined;
  }
}

async function bpftrace(): Promise<ProbeResult> {
  if (process.getuid?.() !== 0) return { status: 'warn', detail: 'needs root', fix: 'run with sudo' };
  return kernelTracer();
}

/** What the kernel tracer needs beside root. tracefs itself can only be looked into by root. */
export async function kernelTracer(): Promise<ProbeResult> {
  const path = which('bpftrace');
  if (path === undefined) return { status: 'warn', detail: 'not found', fix: 'apt-get install bpftrace' };
  if (!existsSync('/sys/kernel/btf/vmlinux'))
    return { status: 'warn', detail: 'the kernel has no BTF', fix: 'use a kernel built with CONFIG_DEBUG_INFO_BTF' };
  // Where it is not mounted, the sensor mounts it for itself alone: the folder must be there.
  if (!/ tracefs | debugfs /.test(readText('/proc/self/mounts')) && !existsSync('/sys/kernel/tracing')) {
    return { status: 'warn', detail: 'tracefs is not mounted', fix: 'mount -t tracefs tracefs /sys/kernel/tracing' };
  }
  const version = await exec(path, ['--version'], { timeoutMs: 10_000 });
  return { status: 'ok', detail: version.stdout.trim() };
}

/** What the sensor's own programs need: they stand in where bpftrace is not installed. The sensor itself loads them to see. */
async function bpf(): Promise<ProbeResult> {
  if (process.arch !== 'x64') return { status: 'warn', detail: `written for x64, not for ${process.arch}` };
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < 5 || (major === 5 && minor < 15))
    return { status: 'warn', detail: `Linux ${major}.${minor} is too old`, fix: 'use Linux 5.15 or newer' };
  if (!existsSync('/sys/kernel/btf/vmlinux'))
    return { status: 'warn', detail: 'the kernel has no BTF', fix: 'use a kernel built with CONFIG_DEBUG_INFO_BTF' };
  if (readText('/sys/kernel/security/lockdown').includes('[confidentiality]'))
    return { status: 'warn', detail: 'forbidden by kernel lockdown', fix: 'start the kernel with lockdown=integrity' };
  const native = await koffi();
  if (native.status !== 'ok') return { ...native, detail: 'no native calls (koffi)' };
  if (process.getuid?.() !== 0) return { status: 'warn', detail: 'needs root', fix: 'run with sudo' };
  return { status: 'ok', detail: `bpf(2) on Linux ${major}.${minor}` };
}

async function strace(): Promise<ProbeResult> {
  const path = which('strace');
  if (path === undefined) return { status: 'warn', detail: 'not found', fix: 'apt-get install strace' };
  const done = await exec(path, ['-qq', '-e', 'trace=execve', '-o', '/dev/null', 'true'], { timeoutMs: 10_000 });
  if (done.status === 0) return { status: 'ok', detail: 'may trace its own children' };
  return { status: 'warn', detail: 'refused by the kernel', fix: 'sysctl kernel.yama.ptrace_scope=1' };
}

/** `ok` only where containers can be protected: root, an Engine new enough, and cgroups that it makes beneath ours. */
async function docker(): Promise<ProbeResult> {
  if (!existsSync(engineSocketPath))
    return {
      status: 'warn',
      detail: `no Engine at ${engineSocketPath}`,
      fix: 'apt-get install docker.io, then start dockerd',
    };
  let said: unknown;
  try {
    const { status, body } = await callEngine({ path: '/info', timeoutMs: 5_000 });
    if (status !== 200) throw new Error(`it answered ${status}`);
    said = JSON.parse(body.toString('utf8'));
  } catch (error) {
    return {
      status: 'warn',
      detail: `does not answer: ${messageOf(error)}`,
      fix: process.getuid?.() === 0 ? 'start dockerd' : 'sudo: containers are protected in root mode only',
    };
  }
  const info = typeof said === 'object' && said !== null ? said : {};
  const version = 'ServerVersion' in info ? String(info.ServerVersion).slice(0, 32) : '';
  const driver = 'CgroupDriver' in info ? String(info.CgroupDriver).slice(0, 32) : '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 10))
    return { status: 'warn', detail: `Engine ${printable(version)} is too old`, fix: 'install Engine 20.10 or newer' };
  if (driver !== 'cgroupfs')
    return {
      status: 'warn',
      detail: `Engine ${version}: containers are not protected with the cgroup driver \`${printable(driver)}\``,
      fix: 'dockerd --exec-opt native.cgroupdriver=cgroupfs',
    };
  if (process.getuid?.() !== 0)
    return { status: 'warn', detail: `Engine ${version}: containers are protected in root mode only`, fix: 'use sudo' };
  return { status: 'ok', detail: `Engine ${version}: containers can be protected` };
}

async function postgresql(): Promise<ProbeResult> {
  for (const folder of postgresFolders()) {
    const done = await exec(`${folder}/postgres`, ['--version'], { timeoutMs: 10_000 });
    const major = Number(/PostgreSQL\) (\d+)/.exec(done.stdout)?.[1] ?? 0);
    if (major >= 14) return { status: 'ok', detail: `${folder} (${major})` };
  }
  return {
    status: 'warn',
    detail: 'no system server: the one shipped through npm is used',
    fix: 'apt-get install postgresql',
  };
}

async function program(name: string, debianPackage: string, args: string[]): Promise<ProbeResult> {
  const path = which(name);
  if (path === undefined) return { status: 'warn', detail: 'not found', fix: `apt-get install ${debianPackage}` };
  const done = await exec(path, args, { timeoutMs: 20_000 });
  const line = `${done.stdout}\n${done.stderr}`.trim().split('\n')[0] ?? '';
  return { status: 'ok', detail: line.slice(0, 80) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
