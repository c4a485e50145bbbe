/** Takes away what a house left behind on this machine, found by name; used by `down` and before a fresh start. */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { cgroup2Mount } from '../../base/index.js';
import { killCgroup } from './cgroup.js';
import { tool } from './tools.js';

/** Everything of this house in root mode: commands are ended, cgroups, namespaces and hosts files removed. Idempotent. */
export async function sweepHouse(instance: string): Promise<{ removed: string[] }> {
  if (!/^[0-9a-f]{8}$/.test(instance)) return { removed: [] };
  const removed: string[] = [];
  const mount = cgroup2Mount();
  const house = `${mount}/tricordon/${instance}`;
  if (mount !== undefined && existsSync(house)) {
    for (const name of folders(house)) {
      await killCgroup(`${house}/${name}`);
      if (await removeCgroup(`${house}/${name}`)) removed.push(`cgroup ${name}`);
    }
    await removeCgroup(house);
    await removeCgroup(`${mount}/tricordon`, 1);
  }
  for (const name of names('/run/netns').filter((name) => name.startsWith(`tricordon-${instance}-`))) {
    await tool('ip', ['netns', 'delete', name]);
    removed.push(`network namespace ${name}`);
  }
  for (const name of names('/run/tricordon-hosts').filter((name) => name.startsWith(`tricordon-${instance}-`))) {
    rmSync(`/run/tricordon-hosts/${name}`, { force: true });
    removed.push(`hosts file ${name}`);
  }
  return { removed };
}

/** A cgroup whose last process just ended is busy for a moment. */
async function removeCgroup(path: string, attempts = 100): Promise<boolean> {
  for (let left = attempts; left > 0; left -= 1) {
    try {
      rmdirSync(path);
      return true;
    } catch {
      if (left > 1) await pause(20);
    }
  }
  return false;
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
