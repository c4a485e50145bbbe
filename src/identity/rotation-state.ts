/** Where a change of the root stands, in a file beside the keys: killed at any point, the next start ends what was begun. */
import { z } from 'zod';
import { broken, readOwnFile, replaceOwnFile } from './key-file.js';
import { join } from 'node:path';

const step = { by: z.string(), at: z.number() };
const Fingerprint = z.string().regex(/^[0-9a-f]{64}$/);

const RotationState = z.discriminatedUnion('phase', [
  /** One root. `last`: how the change before this ended. */
  z.strictObject({
    phase: z.literal('none'),
    last: z.strictObject({ ...step, how: z.enum(['finished', 'aborted']), left: Fingerprint }).nullable(),
  }),
  /** Both are trusted, the old one signs. */
  z.strictObject({ ...step, phase: z.literal('announced'), next: Fingerprint }),
  z.strictObject({ ...step, phase: z.literal('switching'), next: Fingerprint, old: Fingerprint }),
  /** Both are trusted, the new one signs. `leavesEnd`: from then on nothing of the old one is valid. */
  z.strictObject({ ...step, phase: z.literal('switched'), old: Fingerprint, leavesEnd: z.number() }),
  z.strictObject({ ...step, phase: z.literal('finishing'), old: Fingerprint }),
  z.strictObject({ ...step, phase: z.literal('aborting'), next: Fingerprint }),
]);
export type RotationState = z.infer<typeof RotationState>;

const name = 'rotation.json';

export async function readRotation(directory: string): Promise<RotationState> {
  const text = await readOwnFile(directory, name);
  if (text === undefined) return { phase: 'none', last: null };
  try {
    return RotationState.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    throw broken(join(directory, name), 'does not say where the change of the root stands', cause);
  }
}

export async function writeRotation(directory: string, state: RotationState): Promise<void> {
  await replaceOwnFile(directory, name, `${JSON.stringify(state)}\n`);
}
