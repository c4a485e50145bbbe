/**
 * The rung of a container: a holder (a container of our own that only waits) gives the network namespace, which is made
 * exactly as on the `netns` rung before the workload's container joins it; so everything is captured from its first
 * instruction. Its cgroup lies beneath one of ours. See docs/adr/0010-containers-join-a-holder.md.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, probe as hostProbe, processFacts } from '../../../base/index.js';
import { removeCgroup } from '../cgroup.js';
import { ConfineError } from '../errors.js';
import { build, netns, netnsFacts, redirectPort } from '../netns.js';
import type { CaptureSpec, Prepared, Rung, RungProbe } from '../rung.js';
import type { FilterArch } from '../seccomp-filter.js';
import { tool } from '../tools.js';
import { virtualAddresses } from '../virtual-addresses.js';
import { holderBody, label, labels } from './container.js';
import { type Engine, openDocker } from './engine.js';
import { holderArchive, holderProgram, holderTag } from './holder-image.js';

export const docker: Rung = {
  name: 'docker',
  probe,
  prepare,
  cleanup,
  isolate: netns.isolate,
  rejoin: netns.rejoin,
};

async function probe(): Promise<RungProbe> {
  const network = await netns.probe();
  return network.usable ? await engineProbe() : network;
}

async function engineProbe(): Promise<RungProbe> {
  const { status, detail, fix } = await hostProbe('docker');
  if (status === 'ok') return { usable: true };
  return { usable: false, reason: detail, ...(fix === undefined ? {} : { fix }) };
}

async function prepare(spec: CaptureSpec): Promise<Prepared> {
  if (spec.uid === 0 || spec.image === null)
    throw new ConfineError('spec-refused', 'a protected container has an image, and does not run as root');
  const found = await engineProbe();
  if (!found.usable)
    throw new ConfineError('rung-unusable', `containers cannot be protected here: ${found.reason ?? 'not usable'}`, {
      hint: found.fix ?? 'see `tricordon doctor`',
    });
  const addresses = virtualAddresses(spec.calls);
  const { name, hostsFile, cgroupPath, cgroup } = netnsFacts(spec);
  if (cgroupPath === null)
    throw new ConfineError('rung-unusable', 'a container needs a cgroup of ours to live in', {
      hint: 'mount -t cgroup2 none /sys/fs/cgroup',
    });
  const engine = await openDocker();
  const prepared: Prepared = {
    rung: 'docker',
    spec,
    place: { kind: 'netns', name },
    holder: null,
    virtualAddresses: addresses,
    redirectPort,
    cgroupPath,
    cgroup,
    hostsFile,
    hideSockets: [],
    ownUserNamespace: false,
    seccomp: true,
    gaps: [
      {
        what: `processes of uid ${spec.uid} outside can trace the container: it has no user namespace of its own`,
        fix: 'build the image with a numeric USER that nobody else on this host has',
      },
    ],
  };
  try {
    const holder = await hold(engine, spec);
    await build(prepared, () => attach(engine, holder, name));
    return { ...prepared, holder };
  } catch (error) {
    await cleanup(prepared).catch(() => {});
    throw error;
  }
}

/** The holder of this workload, started if none runs. */
async function hold(engine: Engine, spec: CaptureSpec): Promise<string> {
  const holders = await engine.list(labels(spec, 'holder'));
  const running = holders.find((one) => one.running);
  if (running !== undefined) return running.id;
  for (const dead of holders) await engine.remove(dead.id);
  const { name } = netnsFacts(spec);
  if (existsSync(`/run/netns/${name}`)) await tool('ip', ['netns', 'delete', name]);
  const { arch } = process;
  if (arch !== 'x64' && arch !== 'arm64')
    throw new ConfineError('rung-unusable', `containers cannot be protected on ${arch}`);
  // Another house may take the image away between the two steps: once more, then.
  const id = await create(engine, spec, arch).catch(() => create(engine, spec, arch));
  await engine.start(id);
  return id;
}

async function create(engine: Engine, spec: CaptureSpec, arch: FilterArch): Promise<string> {
  const image = holderTag(arch);
  const name = `${image.repo}:${image.tag}`;
  if ((await engine.image(name)) === undefined) await engine.importImage(holderArchive(arch), image, holderProgram);
  return await engine.create(netnsFacts(spec).name, holderBody(spec, name, arch));
}

/** Gives the holder's network namespace a name below /run/netns, as those of commands have; checked to be the holder's. */
async function attach(engine: Engine, holder: string, name: string): Promise<void> {
  const pid = (await engine.inspect(holder))?.State.Pid ?? 0;
  const start = pid === 0 ? undefined : processFacts(pid)?.start;
  if (start === undefined) throw new ConfineError('step-failed', 'the holder of the network namespace does not run');
  await tool('ip', ['netns', 'attach', name, String(pid)]);
  const again = (await engine.inspect(holder))?.State.Pid;
  if (again !== pid || !isRunning(pid, start) || !sameNamespace(pid, name)) {
    await tool('ip', ['netns', 'delete', name]);
    throw new ConfineError('step-failed', 'the holder of the network namespace was replaced meanwhile');
  }
}

/** Whether this process lives in the network namespace of that name (two names of one nsfs inode). */
export function sameNamespace(pid: number, name: string): boolean {
  try {
    const [mine, wanted] = [statSync(`/proc/${pid}/ns/net`), statSync(`/run/netns/${name}`)];
    return mine.ino === wanted.ino && mine.dev === wanted.dev;
  } catch {
    return false;
  }
}

/** All of it goes but what only the Engine can take away when it does not answer; then that is said at the end. */
async function cleanup(prepared: Prepared): Promise<void> {
  const { instance, workload } = prepared.spec;
  const problem = await removeContainers([`${label}.instance=${instance}`, `${label}.workload=${workload}`]).then(
    () => undefined,
    (error: unknown) => error,
  );
  await netns.cleanup(prepared);
  await removeFolders(`/tricordon/${instance}/${workload}`);
  if (problem !== undefined) throw problem;
}

/** Everything of a house: containers, then the holder's image unless another house uses it. Returns what was removed. */
export async function sweepContainers(instance: string): Promise<string[]> {
  const removed = await removeContainers([`${label}.instance=${instance}`]);
  await removeFolders(`/tricordon/${instance}`);
  const { arch } = process;
  if (arch !== 'x64' && arch !== 'arm64') return removed;
  const { repo, tag } = holderTag(arch);
  await (await openDocker()).removeImage(`${repo}:${tag}`);
  return removed;
}

async function removeContainers(carrying: readonly string[]): Promise<string[]> {
  const engine = await openDocker();
  const found = await engine.list(carrying);
  for (const { id } of found) await engine.remove(id);
  return found.map(({ id }) => `container ${id.slice(0, 12)}`);
}

/** The runtime makes the path of our cgroup in every v1 hierarchy, and takes away only the last folder of it. */
async function removeFolders(path: string): Promise<void> {
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, mount, type] = line.split(' ');
    if (type !== 'cgroup' || mount === undefined) continue;
    const folder = join(mount, path);
    await removeCgroup(folder);
    for (let at = join(folder, '..'); at !== mount && isEmpty(at); at = join(at, '..')) remove(at);
  }
}

function isEmpty(folder: string): boolean {
  try {
    return !readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isDirectory());
  } catch {
    return false;
  }
}

function remove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // another house came meanwhile
  }
}
