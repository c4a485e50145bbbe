/** Subkeys on their way from the supervisor to a process of ours: through an inherited descriptor, and nowhere else. */
import { closeSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { IdentityError } from './errors.js';
import { keyPurposes, type Subkey } from './sealed-key.js';

const Handed = z.strictObject({
  schemaVersion: z.literal(1),
  subkeys: z.array(
    z.strictObject({
      purpose: z.enum(keyPurposes),
      rootId: z.string().regex(/^[0-9a-f]{16}$/),
      key: z.base64().transform((text) => Buffer.from(text, 'base64')),
    }),
  ),
});

export function handOver(subkeys: readonly Subkey[]): string {
  return JSON.stringify({
    schemaVersion: 1,
    subkeys: subkeys.map(({ purpose, rootId, key }) => ({ purpose, rootId, key: key.toString('base64') })),
  });
}

/** Reads to its end and closes it: what this process starts does not inherit it. @throws IdentityError `key-sealed` */
export function takeOver(descriptor: number): readonly Subkey[] {
  try {
    const text = readFileSync(descriptor, 'utf8');
    closeSync(descriptor);
    const handed = Handed.parse(JSON.parse(text));
    if (handed.subkeys.some(({ key }) => key.length !== 32)) throw new Error('a key has another length');
    return handed.subkeys;
  } catch {
    // Without the cause: it may quote what was read.
    throw new IdentityError('key-sealed', `no keys came through descriptor ${descriptor}`, {
      hint: 'the processes of an installation are started by `tricordon up` or `tricordon agent join`',
    });
  }
}
