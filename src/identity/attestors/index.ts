import type { Attestation } from '../../model/index.js';
import { IdentityError } from '../errors.js';
import type { AttestationInput, Attestor } from './attestor.js';
import { dockerAttestor } from './docker.js';
import { processAttestor } from './process.js';

export type { AttestationInput, Attestor } from './attestor.js';
export { type CodeDigest, type CodeLimits, codeDigest } from './code-digest.js';
export { dockerAttestor } from './docker.js';
export { type DockerEngine, dockerEngine } from './docker-engine.js';
export { type EntryFile, entryFile } from './entry-file.js';
export { type KnownProcess, ownerOf } from './lineage.js';
export { processAttestor } from './process.js';
export { type ProcessReader, procfs } from './process-reader.js';

/** Every attestor, in the order asked. Docker first: a process in a container is the container's. */
export const attestors: readonly Attestor[] = [dockerAttestor(), processAttestor()];

/**
 * The first attestor that knows the workload answers for it.
 *
 * @throws IdentityError `not-attestable` when none does, or the code of the attestor whose proof failed.
 */
export async function attest(input: AttestationInput, asked: readonly Attestor[] = attestors): Promise<Attestation> {
  for (const attestor of asked) {
    const found = await attestor.attest(input);
    if (found !== undefined) return found;
  }
  throw new IdentityError('not-attestable', 'no attestor knows this workload', {
    hint: `asked were: ${asked.map((attestor) => attestor.name).join(', ')}`,
  });
}
