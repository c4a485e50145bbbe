/** What the Engine is asked to make: the holder, and the workload's container that joins it. Pure: specs in, bodies out. */
import { dirname } from 'node:path';
import { resolverPath } from '../dns-over-tcp.js';
import type { CaptureSpec, Prepared } from '../rung.js';
import type { FilterArch } from '../seccomp-filter.js';
import { seccompProfile } from './seccomp-profile.js';

/** Prefix of our labels: `.instance`, `.workload`, `.part` (`holder` or `workload`), `.image` (as the operator named it). */
export const label = 'tricordon';
/** Where the container finds its Workload API socket. */
export const apiFolder = '/run/tricordon';

export type Part = 'holder' | 'workload';

/** As a filter for containers of one workload. */
export function labels(spec: Pick<CaptureSpec, 'instance' | 'workload'>, part: Part): string[] {
  return Object.entries(labelsOf(spec, part)).map(([name, value]) => `${name}=${value}`);
}

function labelsOf({ instance, workload }: Pick<CaptureSpec, 'instance' | 'workload'>, part: Part) {
  return { [`${label}.instance`]: instance, [`${label}.workload`]: workload, [`${label}.part`]: part };
}

export function holderBody(spec: CaptureSpec, image: string, arch: FilterArch): unknown {
  return {
    Image: image,
    Hostname: spec.service.slice(0, 63),
    User: '65534:65534',
    Labels: labelsOf(spec, 'holder'),
    HostConfig: {
      ...confined(arch),
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      PidsLimit: 16,
      LogConfig: { Type: 'none' },
    },
  };
}

export interface ContainerOptions {
  /** All of it: entry point and arguments. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** As the operator named the image. */
  readonly imageName: string;
}

export function workloadBody(prepared: Prepared, options: ContainerOptions, arch: FilterArch): unknown {
  const { spec, holder, cgroup } = prepared;
  return {
    Image: spec.image,
    User: `${spec.uid}:${spec.gid}`,
    Entrypoint: options.command,
    Cmd: [],
    Env: Object.entries(options.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { ...labelsOf(spec, 'workload'), [`${label}.image`]: options.imageName },
    HostConfig: {
      ...confined(arch),
      NetworkMode: `container:${holder}`,
      CgroupParent: cgroup,
      PidsLimit: 4_096,
      Mounts: bindings(prepared).map(({ from, to }) => ({ Type: 'bind', Source: from, Target: to, ReadOnly: true })),
      LogConfig: { Type: 'json-file', Config: { 'max-size': '8m', 'max-file': '2' } },
    },
  };
}

/** The only paths of the host that a workload's container sees, all of them read-only. */
export function bindings({ spec, hostsFile }: Pick<Prepared, 'spec' | 'hostsFile'>): { from: string; to: string }[] {
  const { workloadApiSocket } = spec;
  return [
    ...(hostsFile === null
      ? []
      : [
          { from: hostsFile, to: '/etc/hosts' },
          { from: resolverPath(hostsFile), to: '/etc/resolv.conf' },
        ]),
    ...(workloadApiSocket === null ? [] : [{ from: dirname(workloadApiSocket), to: apiFolder }]),
  ];
}

function confined(arch: FilterArch) {
  return {
    Privileged: false,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges', `seccomp=${JSON.stringify(seccompProfile(arch))}`],
    IpcMode: 'private',
    PidMode: '',
    UTSMode: '',
    CgroupnsMode: 'private',
    Init: false,
    RestartPolicy: { Name: 'no' },
  };
}
