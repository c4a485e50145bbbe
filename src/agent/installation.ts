/** What an installation needs on a host before and after its agent: accounts, a safe program tree, the removal of leftovers. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, cgroup2Mount, codeOf, exec, isRunning, messageOf } from '../base/index.js';
import { killCgroup, processesOf, removeCgroup, rungNamed, stopPlane, sweepContainers } from './confine/index.js';
import { ensureAccount, removeAccount } from './helper/accounts.js';
import { secureProgram } from './helper/program-tree.js';
import { knowsRoot, refusedMark } from './host-identity.js';
import { readAgentState } from './agent-state.js';

/**
 * Whether the agent of this directory holds an identity that still counts; without one it needs a one-time token.
 *
 * @param fingerprint of the root that the control plane shows, hex
 */
export function isEnrolled(dataDir: string, now: number, fingerprint: string): boolean {
  if (existsSync(join(dataDir, 'agent', refusedMark))) return false;
  try {
    const kept: { chain?: unknown } = JSON.parse(readFileSync(join(dataDir, 'agent/identity.json'), 'utf8'));
    if (!knowsRoot(kept, fingerprint)) return false;
    const { chain } = kept;
    const leaf: unknown = Array.isArray(chain) ? chain[0] : undefined;
    return typeof leaf === 'string' && Date.parse(new X509Certificate(leaf).validTo) > now + 60_000;
  } catch {
    return false;
  }
}

export interface Accounts {
  /** Of control plane and PostgreSQL. */
  readonly control: Account;
  /** Of agent and data plane. */
  readonly agent: Account;
  /** Of the root key: nothing runs as it. */
  readonly keys: Account;
}

/** Root mode. Those made are remembered. */
export async function ensureAccounts(dataDir: string): Promise<Accounts> {
  return {
    control: await ensure(dataDir, 'tricordon'),
    agent: await ensure(dataDir, 'tricordon-agent'),
    keys: await ensure(dataDir, 'tricordon-keys'),
  };
}

/** The account that the demo's shop runs as. */
export function ensureDemoAccount(directory: string): Promise<Account> {
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  return ensure(directory, 'tricordon-demo');
}

/** Removes the accounts that were made for `directory`; returns what went wrong. */
export async function removeAccounts(directory: string): Promise<string[]> {
  const problems: string[] = [];
  for (const name of madeAccounts(directory)) {
    await removeAccount(name, exec).catch((error: unknown) => problems.push(messageOf(error)));
  }
  return problems;
}

/** The program tree that root mode runs: where it lies if only root can change it, else a copy. */
export function placeProgram(options: { programDir: string; nodePath: string; dataDir: string }): {
  programDir: string;
  nodePath: string;
  copiedBecause: string | null;
} {
  return secureProgram(options.programDir, options.nodePath, join(options.dataDir, 'program'));
}

/** Ends and removes whatever of this installation outlived its agent: commands, sidecars, namespaces, cgroups. */
export async function leftovers(options: { dataDir: string; instance: string }): Promise<string[]> {
  const removed: string[] = [];
  // Before the rest: a container that still runs would keep its cgroup and namespace. No Engine has nothing of ours running.
  if (process.getuid?.() === 0) removed.push(...(await sweepContainers(options.instance).catch((): string[] => [])));
  const state = readAgentState(join(options.dataDir, 'agent/state.json'));
  for (const record of state.workloads) {
    const { process: command, prepared, plane } = record;
    if (command !== null && isRunning(command.pid, command.start)) {
      process.kill(command.pid, 'SIGKILL');
      removed.push(record.request.service);
    }
    if (prepared.cgroupPath !== null) await killCgroup(prepared.cgroupPath);
    await rungNamed(prepared.rung)
      .cleanup(prepared)
      .catch(() => {});
    stopPlane(plane);
  }
  if (state.gateway !== null) {
    if (isRunning(state.gateway.sidecar.pid, state.gateway.sidecar.start)) removed.push('gateway');
    stopPlane(state.gateway);
  }
  rmSync(join(options.dataDir, 'agent/state.json'), { force: true });
  await removeNamespaces(options.instance);
  await removeCgroups(options.instance);
  return removed;
}

/** Named network namespaces that no record tells of any more. */
async function removeNamespaces(instance: string): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/run/netns')) return;
  for (const name of readdirSync('/run/netns')) {
    if (name.startsWith(`tricordon-${instance}-`)) await exec('ip', ['netns', 'delete', name]);
  }
}

async function removeCgroups(instance: string): Promise<void> {
  const mount = cgroup2Mount();
  const top = mount === undefined ? undefined : join(mount, 'tricordon', instance);
  if (top === undefined || !existsSync(top)) return;
  for (const name of [
    ...readdirSync(top, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [join(top, entry.name)] : [],
    ),
    top,
  ]) {
    if (processesOf(name).length > 0) await killCgroup(name);
    await removeCgroup(name);
  }
  removed(join(top, '..')); // the last installation takes the common folder along
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}

async function ensure(directory: string, name: string): Promise<Account> {
  const { made, ...account } = await ensureAccount(name, exec);
  if (made) {
    const all = [...new Set([...madeAccounts(directory), name])];
    writeFileSync(join(directory, 'accounts.json'), JSON.stringify(all), { mode: 0o600 });
  }
  return account;
}

function madeAccounts(directory: string): string[] {
  try {
    const read: unknown = JSON.parse(readFileSync(join(directory, 'accounts.json'), 'utf8'));
    return Array.isArray(read) ? read.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}
