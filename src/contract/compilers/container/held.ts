import { read as readSeccomp } from '../seccomp/read.js';
import type { Artefact, Deed, Held } from '../target.js';
import type { ContainerSettings } from './settings.js';

/** What settings mean, whichever way they were written. Without a profile of ours the engine's own stays, which we do not know. */
export function heldByContainer(settings: ContainerSettings, artefacts: readonly Artefact[]): Held {
  const profile = settings.seccomp === undefined ? undefined : readSeccomp(artefacts);
  return {
    allows: (deed) => allows(settings, profile, deed),
    values: Object.fromEntries(
      Object.entries(valuesOf(settings)).filter(([, value]) => value !== undefined),
    ) as Held['values'],
  };
}

function allows(settings: ContainerSettings, profile: Held | undefined, deed: Deed): boolean | undefined {
  switch (deed.kind) {
    case 'syscall':
      return profile?.allows(deed);
    case 'capability':
      return settings.capabilities?.includes(deed.name);
    case 'open':
      if (deed.access === 'read' || settings.readOnly === undefined) return undefined;
      return writable(settings, deed.path);
    case 'connect':
    case 'connect-service':
    case 'accept':
    case 'accept-service':
      return settings.noNetwork === undefined ? undefined : false;
    default:
      return undefined;
  }
}

/** The deepest mount counts; devices and the kernel's own file systems have rules of their own. */
function writable({ mounts }: ContainerSettings, path: string): boolean | undefined {
  if (/^\/(?:dev|proc|sys)(?:\/|$)/.test(path)) return undefined;
  const [deepest] = mounts
    .filter((mount) => path === mount.path || path.startsWith(`${mount.path}/`))
    .sort((one, other) => other.path.length - one.path.length);
  return deepest?.access === 'write';
}

function valuesOf(settings: ContainerSettings): Readonly<Record<string, string | number | boolean | undefined>> {
  const [uid, gid] = settings.user?.split(':') ?? [];
  return {
    'runtime.user.uid': uid === undefined ? undefined : Number(uid),
    'runtime.user.gid': gid === undefined ? undefined : Number(gid),
    'runtime.rootfs': settings.readOnly === true ? 'readonly' : undefined,
    'runtime.privilegeEscalation': settings.noNewPrivileges === true ? false : undefined,
    'runtime.resources.cpu': settings.cpus === undefined ? undefined : Number(settings.cpus),
    'runtime.resources.memory': settings.memory,
    'runtime.resources.pids': settings.pids,
  };
}
