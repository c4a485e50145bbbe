/**
 * The ordinary user's rung: one process holds a user, a network and a mount namespace in which the user is root; the
 * command joins them and enters a second user namespace below, in which it is itself again and owns none of the three.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { exec, isRunning, printable, processFacts, spawnProcess } from '../../base/index.js';
import { resolverFile, resolverPath } from './dns-over-tcp.js';
import { ConfineError } from './errors.js';
import { mountScript, quote } from './mount-script.js';
import { hostsPath, redirectPort, setup } from './netns.js';
import type { CaptureSpec, Prepared, Rung, RungProbe } from './rung.js';
import { isolateRules, rejoinRules, ruleset } from './ruleset.js';
import { canFilter, listeningSockets, program, programs, tool } from './tools.js';
import { hostsFile, virtualAddresses } from './virtual-addresses.js';

export const userns: Rung = { name: 'userns', probe, prepare, cleanup, isolate, rejoin };

const newNamespaces = ['--user', '--map-root-user', '--net', '--mount', '--propagation', 'private', '--'];

async function probe(): Promise<RungProbe> {
  if (process.platform !== 'linux') return { usable: false, reason: 'not Linux' };
  const found = programs(['unshare', 'nsenter', 'setpriv', 'ip', 'nft', 'mount']);
  if (!found.usable) return found;
  const script = `${setup}\nmount -t tmpfs tricordon /run && nft -c -f - && unshare --user --map-user=1 --map-group=1 true`;
  const done = await exec('unshare', [...newNamespaces, '/bin/sh', '-ec', script], {
    cwd: '/',
    timeoutMs: 15_000,
    input: ruleset({ redirectPort, addresses: [], port: null }),
  });
  if (done.status === 0) return { usable: true };
  return {
    usable: false,
    reason: `the kernel refuses user namespaces with a network of their own: ${printable(done.stderr.trim(), 120)}`,
    fix: 'sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000 kernel.apparmor_restrict_unprivileged_userns=0',
  };
}

async function prepare(spec: CaptureSpec): Promise<Prepared> {
  const addresses = virtualAddresses(spec.calls);
  const hosts = hostsPath(spec);
  const base: Omit<Prepared, 'place'> = {
    rung: 'userns',
    spec,
    holder: null,
    virtualAddresses: addresses,
    redirectPort,
    cgroupPath: null,
    cgroup: null,
    hostsFile: hosts,
    hideSockets: listeningSockets(),
    ownUserNamespace: true,
    seccomp: await canFilter(),
    gaps: [
      {
        what: 'any other process of this user can enter the namespace, stop the sidecar or read its memory',
        fix: 'run with sudo',
      },
      {
        what: 'the command can signal processes of the same user, the sidecar too: its traffic then stops',
        fix: 'run with sudo',
      },
    ],
  };
  mkdirSync(`${spec.runtimeDir}/h`, { recursive: true, mode: 0o700 });
  writeFileSync(hosts, hostsFile(spec.service, hostname(), addresses), { mode: 0o644 });
  writeFileSync(resolverPath(hosts), resolverFile, { mode: 0o644 });
  const known = readHolder(spec);
  if (known !== undefined) return finish(base, known);
  const place = await hold(base, ruleset({ redirectPort, addresses, port: spec.port }));
  writeFileSync(holderPath(spec), JSON.stringify(place), { mode: 0o600 });
  return finish(base, place);
}

function finish(base: Omit<Prepared, 'place'>, place: { pid: number; start: number }): Prepared {
  const gaps = base.seccomp
    ? base.gaps
    : [...base.gaps, { what: 'no system call filter', fix: 'npm install --include=optional' }];
  return { ...base, gaps, place: { kind: 'userns', ...place } };
}

/** Starts the process that holds the namespaces; it outlives us and answers `ready` once everything stands. */
async function hold(base: Omit<Prepared, 'place'>, rules: string): Promise<{ pid: number; start: number }> {
  const script = [
    'set -eu',
    setup,
    `printf %s ${quote(rules)} | nft -f -`,
    mountScript(base),
    'cd /',
    'echo ready',
    'exec >/dev/null 2>&1',
    `exec ${quote(program('setpriv'))} --bounding-set=-all --inh-caps=-all --ambient-caps=-all --no-new-privs -- ${quote(program('sleep'))} infinity`,
  ].join('\n');
  const child = spawnProcess('unshare', [...newNamespaces, '/bin/sh', '-c', script], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complaint = '';
  const ready = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), 20_000);
    const settle = (value: boolean) => {
      clearTimeout(timer);
      resolve(value);
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (said.includes('ready\n')) settle(true);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaint.length < 1_000) complaint += chunk.toString('utf8');
    });
    child.on('error', () => settle(false));
    child.on('exit', () => settle(false));
  });
  const facts = child.pid === undefined ? undefined : processFacts(child.pid);
  if (!ready || facts === undefined) {
    child.kill('SIGKILL');
    throw new ConfineError('step-failed', `the namespaces cannot be built: ${printable(complaint.trim(), 300)}`);
  }
  child.unref();
  child.stdout?.destroy();
  child.stderr?.destroy();
  return { pid: facts.pid, start: facts.start };
}

async function cleanup(prepared: Prepared): Promise<void> {
  const { place, spec } = prepared;
  if (place.kind === 'userns' && isRunning(place.pid, place.start)) process.kill(place.pid, 'SIGKILL');
  rmSync(holderPath(spec), { force: true });
  if (prepared.hostsFile !== null)
    for (const file of [prepared.hostsFile, resolverPath(prepared.hostsFile)]) rmSync(file, { force: true });
}

async function isolate(prepared: Prepared): Promise<void> {
  await rules(prepared, isolateRules);
}

async function rejoin(prepared: Prepared): Promise<void> {
  await rules(prepared, rejoinRules);
}

async function rules({ place }: Prepared, text: string): Promise<void> {
  if (place.kind !== 'userns') return;
  if (!isRunning(place.pid, place.start)) throw new ConfineError('step-failed', 'the namespace is gone');
  const enter = [`--target=${place.pid}`, '--user', '--preserve-credentials', '--net', '--', 'nft', '-f', '-'];
  await tool('nsenter', enter, text);
}

function holderPath(spec: CaptureSpec): string {
  return `${hostsPath(spec)}.holder`;
}

function readHolder(spec: CaptureSpec): { pid: number; start: number } | undefined {
  const path = holderPath(spec);
  if (!existsSync(path)) return undefined;
  try {
    const { pid, start }: { pid?: unknown; start?: unknown } = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof pid === 'number' && typeof start === 'number' && isRunning(pid, start)) return { pid, start };
  } catch {
    // written half: build anew
  }
  return undefined;
}
