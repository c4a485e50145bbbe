import { heldByContainer } from '../container/held.js';
import type { ContainerMount } from '../container/settings.js';
import { artefactNamed, artefactProblem, readShape } from '../read-artefact.js';
import type { Artefact, Held } from '../target.js';
import { ComposeFile } from './file.js';

/** @throws ContractError `contract-artefact` */
export function read(artefacts: readonly Artefact[]): Held {
  const artefact = artefactNamed(artefacts, '.compose.yaml');
  const [service, second] = Object.values(readShape(artefact, ComposeFile).services);
  const wrong = (what: string) => artefactProblem(artefact.file, undefined, what);
  if (service === undefined || second !== undefined) throw wrong('is not about exactly one service');
  if ((service.cap_add === undefined) !== (service.cap_drop === undefined))
    throw wrong('`cap_add` and `cap_drop` go together');
  if (service.mem_limit !== service.memswap_limit) throw wrong('leaves swap beside the memory');
  const mounts: ContainerMount[] = [
    ...(service.tmpfs ?? []).map((text): ContainerMount => {
      const [path = '', mode] = text.split(':');
      return { path, access: mode === 'ro' ? 'read' : 'write', volume: null };
    }),
    ...(service.volumes ?? []).map(
      ({ source, target, read_only }): ContainerMount => ({
        path: target,
        access: read_only === true ? 'read' : 'write',
        volume: source,
      }),
    ),
  ];
  if (new Set(mounts.map(({ path }) => path)).size !== mounts.length) throw wrong('mounts twice at one path');
  const profiles = (service.security_opt ?? []).filter((one) => one.startsWith('seccomp:'));
  if (profiles.length > 1) throw wrong('has two profiles');
  return heldByContainer(
    {
      user: service.user,
      readOnly: service.read_only,
      noNewPrivileges: service.security_opt?.includes('no-new-privileges:true') === true ? true : undefined,
      capabilities: service.cap_add,
      seccomp: profiles[0]?.slice('seccomp:./'.length),
      cpus: service.cpus,
      memory: service.mem_limit,
      pids: service.pids_limit,
      mounts,
      noNetwork: service.network_mode === 'none' ? true : undefined,
    },
    artefacts,
  );
}
