/** Takes away what a house left behind on this machine, found by name; used by `down` and before a fresh start. */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { cgroup2Mount } from '../../base/index.js';
import { killCgroup, removeCgroup } from './cgroup.js';
import { sweepContainers } from './docker/docker.js';
import { tool } from './tools.js';

/** Everything of this house in root mode: commands and containers are ended, cgroups, namespaces and hosts files removed. Idempotent. */
export async function sweepHouse(instance: string): Promise<{ removed: string[] }> {
  if (!/^[0-9a-f]{8}$/.test(instance)) return { removed: [] };
  // No Engine: then it holds nothing of ours that runs, and what it kept is removed by the next sweep.
  const removed = await sweepContainers(instance).catch((): string[] => []);
  const mount = cgroup2Mount();
  const house = `${mount}/tricordon/${instance}`;
  if (mount !== undefined && existsSync(house)) {
    for (const name of folders(house)) {
      await killCgroup(`${house}/${name}`);
      if (await removeCgroup(`${house}/${name}`)) removed.push(`cgroup ${name}`);
    }
    await removeCgroup(house);
    removeEmpty(`${mount}/tricordon`);
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

/** The last house takes the common folder along. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // another house lives in it
  }
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
