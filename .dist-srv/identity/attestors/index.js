import { IdentityError } from '../errors.js';
import { dockerAttestor } from './docker.js';
import { processAttestor } from './process.js';
export { codeDigest } from './code-digest.js';
export { dockerAttestor } from './docker.js';
export { dockerEngine } from './docker-engine.js';
export { entryFile } from './entry-file.js';
export { ownerOf } from './lineage.js';
export { processAttestor } from './process.js';
export { procfs } from './process-reader.js';
/** Every attestor, in the order asked. Docker first: a process in a container is the container's. */
export const attestors = [dockerAttestor(), processAttestor()];
/**
 * The first attestor that knows the workload answers for it.
 *
 * @throws IdentityError `not-attestable` when none does, or the code of the attestor whose proof failed.
 */
export async function attest(input, asked = attestors) {
    for (const attestor of asked) {
        const found = await attestor.attest(input);
        if (found !== undefined)
            return found;
    }
    throw new IdentityError('not-attestable', 'no attestor knows this workload', {
        hint: `asked were: ${asked.map((attestor) => attestor.name).join(', ')}`,
    });
}
