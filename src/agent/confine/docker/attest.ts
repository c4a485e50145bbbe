/** Attests the container that was started for a prepared workload. What must hold is read from the kernel, not believed. */
import { readFileSync, readlinkSync } from 'node:fs';
import { cgroupOf, isRunning, printable } from '../../../base/index.js';
import { dockerAttestation, dockerEngine } from '../../../identity/index.js';
import type { Attestation } from '../../../model/index.js';
import type { RunningProcess } from '../cgroup.js';
import { ConfineError } from '../errors.js';
import type { Prepared } from '../rung.js';
import { bindings, label, labels } from './container.js';
import { sameNamespace } from './docker.js';
import { type Engine, type Inspected, openDocker } from './engine.js';

/**
 * @param process the container's first process, as `run` announced it
 * @throws ConfineError `container-refused`: another image, another network, more rights than were given
 */
export async function attestContainer(prepared: Prepared, process: RunningProcess): Promise<Attestation> {
  const engine = await openDocker();
  const container = await containerOf(engine, prepared);
  const problem = unconfined(container, prepared, process);
  if (problem !== undefined) refuse(prepared, problem);
  const asked = dockerEngine(engine.socketPath, 10_000, engine.version);
  const attestation = await dockerAttestation(container.Id, asked);
  if (attestation.pid !== process.pid || attestation.start !== process.start)
    refuse(prepared, 'its first process is not the one that was announced');
  if (attestation.imageConfig !== prepared.spec.image) refuse(prepared, 'it was made of another image');
  const imageName = container.Config.Labels?.[`${label}.image`] ?? attestation.imageName;
  return { ...attestation, imageName: printable(imageName, 250) };
}

/** The one container of this workload that runs. */
export async function containerOf(engine: Engine, prepared: Prepared): Promise<Inspected> {
  const running = (await engine.list(labels(prepared.spec, 'workload'))).filter((one) => one.running);
  const [only, ...more] = running;
  if (only === undefined || more.length > 0) refuse(prepared, `${running.length} containers run for it`);
  const found = await engine.inspect(only.id);
  if (found === undefined) refuse(prepared, 'its container is gone');
  return found;
}

/** What makes this container another one than was prepared; undefined when it is as it should be. */
function unconfined(container: Inspected, prepared: Prepared, { pid, start }: RunningProcess): string | undefined {
  const { HostConfig: host, State: state, Mounts: mounts } = container;
  const { spec, cgroup, holder, place } = prepared;
  if (!state.Running || state.Pid !== pid || !isRunning(pid, start)) return 'its first process is another one';
  if (cgroupOf(pid) !== `${cgroup}/${container.Id}`) return 'it runs in a cgroup that is not ours';
  if (place.kind !== 'netns' || !sameNamespace(pid, place.name)) return 'it is not in the network that captures it';
  if (host.NetworkMode !== `container:${holder}`) return 'it was joined to another network';
  if (host.Privileged || host.PidMode !== '' || host.UTSMode !== '' || host.IpcMode !== 'private')
    return 'it shares namespaces with the host';
  for (const name of ['pid', 'mnt', 'ipc']) if (sharesWithUs(pid, name)) return `it shares the ${name} namespace`;
  if ((host.Devices ?? []).length > 0) return 'it was given devices';
  const given = bindings(prepared);
  const foreign = mounts.find(
    (mount) =>
      mount.Type !== 'volume' &&
      mount.Type !== 'tmpfs' &&
      (mount.RW || !given.some(({ from, to }) => mount.Source === from && mount.Destination === to)),
  );
  if (foreign !== undefined) return `it sees \`${printable(foreign.Source, 100)}\` of the host`;
  const status = read(`/proc/${pid}/status`);
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1];
  if (field('Uid') !== String(spec.uid) || field('Gid') !== String(spec.gid)) return 'it runs as another account';
  if (['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].some((set) => !/^0+$/.test(field(set) ?? '')))
    return 'it has capabilities';
  if (field('NoNewPrivs') !== '1') return 'it may gain privileges';
  if (field('Seccomp') !== '2') return 'it has no system call filter';
  return undefined;
}

function sharesWithUs(pid: number, namespace: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/${namespace}`) === readlinkSync(`/proc/self/ns/${namespace}`);
  } catch {
    return true;
  }
}

function refuse(prepared: Prepared, why: string): never {
  throw new ConfineError('container-refused', `the container of \`${prepared.spec.service}\` is refused: ${why}`, {
    hint: 'it is started by `tricordon run --image` and by nobody else',
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
