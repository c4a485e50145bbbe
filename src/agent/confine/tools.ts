/** Runs the system's own tools for building a confinement, and looks at what exists already. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { cgroup2Mount, exec, mayWrite, printable, which } from '../../base/index.js';
import { ConfineError } from './errors.js';
import type { RungProbe } from './rung.js';

/** @throws ConfineError `step-failed` with what the tool said */
export async function tool(file: string, args: readonly string[], input?: string): Promise<string> {
  const done = await exec(file, args, { timeoutMs: 20_000, ...(input === undefined ? {} : { input }) });
  if (done.status === 0) return done.stdout;
  const said = done.error?.message ?? (done.stderr.trim() || `ended with ${done.signal ?? done.status}`);
  throw new ConfineError('step-failed', `\`${file} ${args[0] ?? ''}\` failed: ${printable(said, 300)}`);
}

/**
 * Where a tool really is: between its steps a launch hides folders like /tmp, and with them whatever PATH or a link leads to
 * through these. A link that gives one program several names is left as it is.
 */
export function program(name: string): string {
  const found = which(name);
  if (found === undefined) return name;
  const real = realpathSync(found);
  return basename(real) === name ? real : found;
}

const packages: Readonly<Record<string, string>> = {
  nft: 'nftables',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
};

/** Whether all these programs are there. */
export function programs(names: readonly string[]): RungProbe {
  const missing = names.filter((name) => which(name) === undefined);
  if (missing.length === 0) return { usable: true };
  const wanted = [...new Set(missing.map((name) => packages[name] ?? name))];
  return {
    usable: false,
    reason: `not found: ${missing.join(', ')}`,
    fix: `apt-get install ${wanted.join(' ')}`,
  };
}

/** True when native calls work, hence the launcher can load a system call filter. */
export async function canFilter(): Promise<boolean> {
  if (process.arch !== 'x64' && process.arch !== 'arm64') return false;
  try {
    await import('koffi');
    return /^Seccomp:/m.test(readFileSync('/proc/self/status', 'utf8'));
  } catch {
    return false;
  }
}

/** `tricordon-INSTANCE-12 hex of the workload id`: short enough for every kernel name. */
export function namespaceName(instance: string, workload: string): string {
  return `tricordon-${instance}-${createHash('sha256').update(workload).digest('hex').slice(0, 12)}`;
}

/** Where a workload's own v2 cgroup lies; undefined without a v2 hierarchy that we may write to. */
export function cgroupOfWorkload(instance: string, workload: string): { path: string; cgroup: string } | undefined {
  const mount = cgroup2Mount();
  if (mount === undefined || !mayWrite(mount)) return undefined;
  const cgroup = `/tricordon/${instance}/${workload}`;
  return { path: `${mount}${cgroup}`, cgroup };
}

/** Unix sockets with a path that something listens on in this network namespace (proc(5), net/unix). */
export function listeningSockets(text = readSockets()): string[] {
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    const match = /^[0-9a-f]+: \S+ \S+ (\S+) \S+ \S+ +\d+ (\/.+)$/i.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const listening = (Number.parseInt(match[1], 16) & 0x10000) !== 0;
    if (listening && /^(\/[^/\0\n\r]+)+$/.test(match[2]) && !match[2].includes('/../')) found.add(match[2]);
  }
  return [...found].slice(0, 4_096);
}

function readSockets(): string {
  try {
    return readFileSync('/proc/net/unix', 'utf8');
  } catch {
    return '';
  }
}
