/** What a container engine can be told of a contract, whichever way it is written: flags of Docker, keys of Compose. */
import type { Contract } from '../../../model/index.js';
import { bytesOf } from '../../resolve.js';
import { type Lines, linesOf, type Part, partsOf, refuses, standing } from '../parts.js';
import { profileOf, profileText } from '../seccomp/profile.js';
import type { Artefact, Diagnostic, TargetInput } from '../target.js';

export interface ContainerMount {
  readonly path: string;
  readonly access: 'read' | 'write';
  /** Of a volume; null: tmpfs. */
  readonly volume: string | null;
}

export interface ContainerSettings {
  /** `10001` or `10001:10001`. */
  readonly user?: string | undefined;
  readonly readOnly?: true | undefined;
  readonly noNewPrivileges?: true | undefined;
  /** All others are dropped. */
  readonly capabilities?: readonly string[] | undefined;
  /** A file beside. */
  readonly seccomp?: string | undefined;
  readonly cpus?: string | undefined;
  readonly memory?: number | undefined;
  readonly pids?: number | undefined;
  readonly mounts: readonly ContainerMount[];
  readonly noNetwork?: true | undefined;
}

export interface ContainerPlan {
  readonly settings: ContainerSettings;
  readonly profile: Artefact | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const packets = 'nftables on the host, a NetworkPolicy, or our data plane';
const ours = 'our agent, which holds programs and files of a service with the kernel';
/** Written as they stand: no quoting, in a shell or in Compose, has to be right. */
export const plainPathText = /^(?:\/[A-Za-z0-9._@+-]+)+$/;

/** Like /tmp: it belongs to root, whoever the container runs as. */
export function tmpfsOptions(access: 'read' | 'write'): string {
  return access === 'write' ? 'rw,mode=1777' : 'ro';
}

type Writable = { -readonly [K in keyof ContainerSettings]: ContainerSettings[K] };

export function containerPlan(target: string, { contract, at }: TargetInput): ContainerPlan {
  const lines = linesOf(target);
  const settings: Writable = { mounts: [] };
  const profile = profileOf(contract);
  const file = `${contract.service}.seccomp.json`;
  if (profile !== undefined) settings.seccomp = file;
  planRuntime(lines, contract, at, settings);
  planNetwork(lines, contract, settings);
  return {
    settings,
    profile: profile === undefined ? undefined : { file, text: profileText(profile) },
    diagnostics: lines.all,
  };
}

function planRuntime(lines: Lines, contract: Contract, at: number, settings: Writable): void {
  if (!refuses(lines, contract, 'runtime', ours)) return;
  for (const part of partsOf(contract, 'runtime')) {
    if (part.clause !== null) planClause(lines, contract, part, part.clause, at, settings);
    else planValue(lines, contract.runtime ?? {}, part, settings);
  }
}

function planValue(
  lines: Lines,
  runtime: NonNullable<Contract['runtime']>,
  part: Part,
  settings: Writable,
): Diagnostic {
  const { user, capabilities, resources } = runtime;
  switch (part.section) {
    case 'runtime.user':
      settings.user = user?.gid === undefined ? `${user?.uid}` : `${user.uid}:${user.gid}`;
      return lines.exact(part, 'the container runs as this user');
    case 'runtime.rootfs':
      if (runtime.rootfs === 'readonly') settings.readOnly = true;
      return lines.exact(part, 'the root file system of the container');
    case 'runtime.privilegeEscalation':
      if (runtime.privilegeEscalation === false) settings.noNewPrivileges = true;
      return lines.exact(part, 'no-new-privileges');
    case 'runtime.capabilities':
      settings.capabilities = [...new Set(capabilities)].sort();
      return lines.exact(part, 'all are dropped, these are added');
    case 'runtime.syscalls':
      return lines.exact(part, 'a seccomp profile beside; `clone3` fails with ENOSYS so that libraries use `clone`');
    case 'runtime.resources.cpu':
      return planCpu(lines, part, resources?.cpu ?? 0, settings);
    case 'runtime.resources.memory':
      return planMemory(lines, part, bytesOf(resources?.memory) ?? 0, settings);
    case 'runtime.resources.pids':
      settings.pids = resources?.pids;
      return lines.exact(part, 'a limit of the cgroup');
    case 'runtime.resources.io':
      return lines.impossible(
        part,
        'a limit is on a device, and the contract names none',
        'IOReadBandwidthMax of systemd',
      );
    case 'runtime.mounts':
      return lines.exact(part, 'nothing is mounted by what is written here');
    default:
      return lines.impossible(part, `an engine has no rule for ${noRule(part.section)}`, ours);
  }
}

/** The engine counts in steps of 0.01 processors and refuses less. */
function planCpu(lines: Lines, part: Part, cpu: number, settings: Writable): Diagnostic {
  if (cpu < 0.01)
    return lines.impossible(part, 'an engine limits to 0.01 processors at the least', 'CPUQuota of systemd');
  settings.cpus = String(Math.floor(cpu * 100) / 100);
  return lines.exact(part, 'a quota of the cgroup, in steps of 0.01');
}

function planMemory(lines: Lines, part: Part, memory: number, settings: Writable): Diagnostic {
  const least = 6 << 20;
  if (memory < least) return lines.impossible(part, 'an engine limits to 6 MiB at the least', 'MemoryMax of systemd');
  settings.memory = memory;
  return lines.exact(part, 'a limit of the cgroup, without swap');
}

function planClause(
  lines: Lines,
  contract: Contract,
  part: Part,
  id: string,
  at: number,
  settings: Writable,
): Diagnostic {
  const mount = part.section === 'runtime.mounts' ? contract.runtime?.mounts?.find((one) => one.id === id) : undefined;
  if (mount === undefined) {
    const termed = (contract.deny ?? []).find((deny) => deny.id === id && part.section === 'deny');
    if (termed !== undefined && standing(termed, at, true) === 'tells only')
      return lines.looser(part, `tells only until ${termed.until}; an engine tells nothing`, ours);
    return lines.impossible(part, `an engine has no rule for ${noRule(part.section)}`, ours);
  }
  const { path, source, access } = mount;
  if (source !== 'tmpfs' && source !== 'volume')
    return lines.impossible(
      part,
      `where this \`${source}\` comes from is not in the contract`,
      'mount it where the container is started',
    );
  if (!plainPathText.test(path))
    return lines.impossible(
      part,
      'the path cannot be written without quoting, or stands for several',
      'mount it where the container is started',
    );
  if (settings.mounts.some((other) => other.path === path))
    return lines.impossible(part, 'another clause mounts at the same path', 'take one of them out');
  const volume = source === 'tmpfs' ? null : `${contract.service}-${id.replaceAll('/', '-')}`;
  if (volume !== null && settings.mounts.some((other) => other.volume === volume))
    return lines.impossible(part, 'another clause has the same volume', 'rename one of them');
  settings.mounts = [...settings.mounts, { path, access, volume }];
  return lines.exact(
    part,
    volume === null ? 'a tmpfs; over a folder of the image it gets the mode of that' : `the volume \`${volume}\``,
  );
}

function noRule(section: string): string {
  return section === 'runtime.executables'
    ? 'single programs'
    : section === 'deny'
      ? 'single programs or files'
      : 'single files';
}

/** A container has a network or none: which peers and ports, an engine cannot say. */
function planNetwork(lines: Lines, contract: Contract, settings: Writable): void {
  if (!refuses(lines, contract, 'network', packets)) return;
  const { ingress, egress } = contract.network ?? {};
  const nothing = ingress?.length === 0 && egress?.length === 0;
  if (nothing) settings.noNetwork = true;
  for (const part of partsOf(contract, 'network')) {
    if (nothing) lines.exact(part, 'the container has no network but its own loopback');
    else
      lines.impossible(
        part,
        part.section === 'network.ingress'
          ? 'whoever shares a network with the container reaches every port of it'
          : 'a network of the engine leads to all its members and outside, on every port',
        packets,
      );
  }
}
