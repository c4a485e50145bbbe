/** Attests a container by the Engine's own record of it: container id and image, neither chosen by the workload. */
import { printable } from '../../base/index.js';
import type { Attestation } from '../../model/index.js';
import { IdentityError } from '../errors.js';
import { type DockerEngine, dockerEngine } from './docker-engine.js';
import { type ProcessReader, procfs } from './process-reader.js';

type DockerAttestation = Extract<Attestation, { kind: 'docker' }>;

/**
 * @param id full, 64 hex digits
 * @throws IdentityError `process-changed`, `engine-unreachable`, `engine-answer-invalid`
 */
export async function dockerAttestation(
  id: string,
  engine: DockerEngine = dockerEngine(),
  reader: ProcessReader = procfs,
): Promise<DockerAttestation> {
  if (!/^[0-9a-f]{64}$/.test(id)) throw gone(printable(id, 64), 'has no full id');
  const container = await engine.container(id);
  if (container === undefined) throw gone(id, 'is unknown to the Engine');
  if (container.id !== id) throw gone(id, 'is another one in the answer of the Engine');
  if (!container.running || container.pid === 0) throw gone(id, 'does not run');
  const before = reader.facts(container.pid);
  if (before === undefined) throw gone(id, 'has ended');
  if (containerIn(reader.cgroups(container.pid) ?? '') !== id)
    throw gone(id, 'does not hold the process the Engine names');
  const manifests = await engine.imageManifests(container.image);
  // INVARIANT: the same container still runs the same first process, so the answers above were about it
  const again = await engine.container(id);
  if (again?.pid !== container.pid || again.image !== container.image)
    throw gone(id, 'was restarted while it was attested');
  const after = reader.facts(container.pid);
  if (after === undefined || after.start !== before.start || after.state === 'Z' || after.state === 'X')
    throw gone(id, 'ended while it was attested');
  return {
    kind: 'docker',
    container: id,
    imageConfig: container.image,
    imageManifest: manifests?.[0] ?? null,
    imageName: container.imageName,
    pid: container.pid,
    start: before.start,
  };
}

/**
 * The container id in `/proc/PID/cgroup`: `/docker/ID` (cgroupfs), `docker-ID.scope` (systemd), or `ID` beneath a cgroup
 * of ours.
 */
export function containerIn(cgroups: string): string | undefined {
  const found = [
    ...cgroups.matchAll(
      /(?:\/docker\/|\/docker-|\/tricordon\/[0-9a-f]{8}\/[a-z0-9-]{1,160}\/)([0-9a-f]{64})(?:\.scope)?(?=\/|$)/gm,
    ),
  ];
  const ids = new Set(found.map((match) => match[1]));
  // hierarchies that disagree prove nothing
  return ids.size === 1 ? [...ids][0] : undefined;
}

function gone(id: string, what: string): IdentityError {
  return new IdentityError('process-changed', `container ${id.slice(0, 12)} ${what}`);
}
