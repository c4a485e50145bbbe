/** The runtime layer as a patch of a workload's pod template. */
import type { Contract } from '../../../model/index.js';
import { bytesOf } from '../../resolve.js';
import { type Lines, type Part, partsOf, refuses } from '../parts.js';
import { profileOf, profileText } from '../seccomp/profile.js';
import type { Artefact, TargetInput } from '../target.js';
import type { Patch, PatchedContainer } from './shapes.js';

const ours = 'our agent, which holds programs and files of a service with the kernel';
/** Where the kubelet looks for profiles, beneath its own folder `seccomp`. */
const profileFolder = 'tricordon';

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type SecurityContext = Writable<NonNullable<PatchedContainer['securityContext']>>;

/** undefined: there is nothing to write; every part has its line. */
export function podPatch(
  { contract, place }: TargetInput,
  lines: Lines,
): { readonly patch: Patch; readonly profile: Artefact | undefined } | undefined {
  const profile = profileOf(contract);
  const holds = refuses(lines, contract, 'runtime', ours);
  const context: SecurityContext = {};
  const limits: { cpu?: string; memory?: string } = {};
  const mounts: { name: string; mountPath: string; readOnly?: true }[] = [];
  const parts = partsOf(contract, 'runtime');
  if (holds) for (const part of parts) planPart(lines, contract, part, context, limits, mounts);
  if (profile !== undefined)
    context.seccompProfile = {
      type: 'Localhost',
      localhostProfile: `${profileFolder}/${contract.service}.seccomp.json`,
    };
  const container: PatchedContainer = {
    name: place.services[contract.service]?.container ?? contract.service,
    ...(Object.keys(context).length === 0 ? {} : { securityContext: context }),
    ...(Object.keys(limits).length === 0 ? {} : { resources: { limits } }),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  };
  if (Object.keys(container).length === 1) return undefined;
  const volumes = mounts.map(({ name }) => ({ name, emptyDir: { medium: 'Memory' as const } }));
  return {
    patch: { spec: { template: { spec: { containers: [container], ...(volumes.length === 0 ? {} : { volumes }) } } } },
    profile:
      profile === undefined ? undefined : { file: `${contract.service}.seccomp.json`, text: profileText(profile) },
  };
}

function planPart(
  lines: Lines,
  contract: Contract,
  part: Part,
  context: SecurityContext,
  limits: { cpu?: string; memory?: string },
  mounts: { name: string; mountPath: string; readOnly?: true }[],
): void {
  const { user, rootfs, privilegeEscalation, capabilities, resources, mounts: wanted } = contract.runtime ?? {};
  if (part.clause !== null) {
    const mount = part.section === 'runtime.mounts' ? wanted?.find(({ id }) => id === part.clause) : undefined;
    if (mount === undefined) lines.impossible(part, 'a pod has no rule for single programs or files', ours);
    else planMount(lines, part, mount, mounts);
    return;
  }
  switch (part.section) {
    case 'runtime.user':
      context.runAsUser = user?.uid ?? 0;
      if (user?.gid !== undefined) context.runAsGroup = user.gid;
      if (user?.uid !== 0) context.runAsNonRoot = true;
      lines.exact(part, 'the container runs as this user');
      return;
    case 'runtime.rootfs':
      if (rootfs === 'readonly') context.readOnlyRootFilesystem = true;
      lines.exact(part, 'the root file system of the container');
      return;
    case 'runtime.privilegeEscalation':
      if (privilegeEscalation === false) context.allowPrivilegeEscalation = false;
      lines.exact(part, 'no-new-privileges');
      return;
    case 'runtime.capabilities':
      context.capabilities = { drop: ['ALL'], add: [...new Set(capabilities)].sort() };
      lines.exact(part, 'all are dropped, these are added');
      return;
    case 'runtime.syscalls':
      lines.exact(
        part,
        `a seccomp profile beside, to be put on every node into the kubelet's \`seccomp/${profileFolder}\``,
      );
      return;
    case 'runtime.resources.cpu': {
      const thousandths = Math.floor((resources?.cpu ?? 0) * 1_000);
      if (thousandths < 1) lines.impossible(part, 'a limit is at least 0.001 processors', 'CPUQuota of systemd');
      else {
        limits.cpu = `${thousandths}m`;
        lines.exact(part, 'a limit of the container');
      }
      return;
    }
    case 'runtime.resources.memory':
      limits.memory = String(bytesOf(resources?.memory) ?? 0);
      lines.exact(part, 'a limit of the container');
      return;
    case 'runtime.resources.pids':
      lines.impossible(part, 'a limit of processes is a setting of the node', '`podPidsLimit` of the kubelet');
      return;
    case 'runtime.resources.io':
      lines.impossible(part, 'a pod has no limit for it', 'IOReadBandwidthMax of systemd');
      return;
    case 'runtime.mounts':
      lines.exact(part, 'nothing is mounted by what is written here');
      return;
    default:
      lines.impossible(part, 'a pod has no rule for single programs or files', ours);
  }
}

const plainPath = /^(?:\/[A-Za-z0-9._@+-]+)+$/;

function planMount(
  lines: Lines,
  part: Part,
  { id, path, source, access }: NonNullable<NonNullable<Contract['runtime']>['mounts']>[number],
  mounts: { name: string; mountPath: string; readOnly?: true }[],
): void {
  if (source !== 'tmpfs')
    lines.impossible(part, `which \`${source}\` it is, is not in the contract`, 'mount it in the pod template');
  else if (!plainPath.test(path))
    lines.impossible(part, 'the path stands for several, or cannot be written plainly', 'mount it in the pod template');
  else if (mounts.some(({ mountPath }) => mountPath === path))
    lines.impossible(part, 'another clause mounts at the same path', 'take one of them out');
  else {
    const name = `tricordon-${mounts.length}-${id.replaceAll(/[^a-z0-9]/g, '-')}`.slice(0, 63).replace(/-+$/, '');
    mounts.push({ name, mountPath: path, ...(access === 'read' ? { readOnly: true as const } : {}) });
    lines.exact(part, 'an emptyDir in memory');
  }
}
