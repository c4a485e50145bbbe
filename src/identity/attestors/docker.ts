/** Attests a container by the Engine's own record of it: container id and image, neither chosen by the workload. */
import type { Attestation } from '../../model/index.js';
import { IdentityError } from '../errors.js';
import type { Attestor, AttestationInput } from './attestor.js';
import { type DockerEngine, dockerEngine } from './docker-engine.js';
import { checkSame } from './process.js';
import { type ProcessReader, procfs } from './process-reader.js';

export function dockerAttestor(engine: DockerEngine = dockerEngine(), reader: ProcessReader = procfs): Attestor {
  return {
    name: 'docker',
    async attest(input): Promise<Attestation | undefined> {
      const id = containerOf(input, reader);
      if (id === undefined) return undefined;
      if (input.kind === 'process') checkSame(reader, input.pid, input.start);
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
      checkSame(reader, container.pid, before.start);
      if (input.kind === 'process') checkSame(reader, input.pid, input.start);
      return {
        kind: 'docker',
        container: id,
        imageConfig: container.image,
        imageManifest: manifests?.[0] ?? null,
        imageName: container.imageName,
        pid: container.pid,
        start: before.start,
      };
    },
  };
}

function containerOf(input: AttestationInput, reader: ProcessReader): string | undefined {
  if (input.kind === 'process') return containerIn(reader.cgroups(input.pid) ?? '');
  return /^[0-9a-f]{64}$/.test(input.container) ? input.container : undefined;
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
