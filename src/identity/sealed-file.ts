/** One key in one file, sealed at rest: what is plain, or sealed under an older root key, is sealed anew when it is read. */
import { join } from 'node:path';
import { IdentityError } from './errors.js';
import { broken, createOwnFile, readOwnFile, replaceOwnFile } from './key-file.js';
import { type KeyPurpose, openKey, sealedUnder, sealKey, type Subkey } from './sealed-key.js';

export interface KeyPlace {
  readonly directory: string;
  readonly name: string;
  readonly purpose: KeyPurpose;
  /** Newest root key first; none of this purpose: the key lies there as it is. */
  readonly subkeys: readonly Subkey[];
}

export interface KeyForms {
  /** Of a key that is not there yet. */
  readonly make: () => Buffer;
  /** From how it was written before keys were sealed. */
  readonly fromPlain?: (bytes: Buffer) => Buffer;
}

/** Makes it when there is none. @throws IdentityError `key-sealed`, `ca-broken`, `ca-directory-unsafe` */
export async function loadKeyFile(place: KeyPlace, forms: KeyForms): Promise<Buffer> {
  let found = await readOwnFile(place.directory, place.name);
  if (found === undefined) {
    await createOwnFile(place.directory, place.name, atRest(place, forms.make()));
    // Another process may have been first.
    found = (await readOwnFile(place.directory, place.name)) ?? Buffer.alloc(0);
  }
  const { bytes, current } = openKeyBytes(place, found, forms.fromPlain);
  if (!current) await replaceKeyFile(place, bytes);
  return bytes;
}

/** Puts it in the place of what is there, whole or not at all; for one writer at a time. */
export async function replaceKeyFile(place: KeyPlace, bytes: Buffer): Promise<void> {
  await replaceOwnFile(place.directory, place.name, atRest(place, bytes));
}

/** Of a key that lies in a file with other things. @throws IdentityError `key-sealed`, `ca-broken` */
export function openKeyText(place: KeyPlace, text: string): { readonly text: string; readonly current: boolean } {
  const { bytes, current } = openKeyBytes(place, Buffer.from(text));
  return { text: bytes.toString(), current };
}

export function keyText(place: Pick<KeyPlace, 'purpose' | 'subkeys'>, text: string): string {
  return atRest(place, Buffer.from(text)).toString();
}

function atRest({ purpose, subkeys }: Pick<KeyPlace, 'purpose' | 'subkeys'>, bytes: Buffer): string | Buffer {
  const subkey = subkeys.find((one) => one.purpose === purpose);
  return subkey === undefined ? bytes : sealKey(subkey, bytes);
}

/** What is in a file, and whether it is sealed as it should be. @throws IdentityError `key-sealed`, `ca-broken` */
export function openKeyBytes(
  { directory, name, purpose, subkeys }: KeyPlace,
  found: Buffer,
  fromPlain: (bytes: Buffer) => Buffer = (bytes) => bytes,
): { readonly bytes: Buffer; readonly current: boolean } {
  const path = join(directory, name);
  const text = found.toString('latin1');
  const own = subkeys.filter((one) => one.purpose === purpose);
  const under = sealedUnder(text);
  if (under === undefined) return { bytes: fromPlain(found), current: own.length === 0 };
  const subkey = own.find(({ rootId }) => rootId === under.rootId);
  if (subkey === undefined)
    throw new IdentityError(
      'key-sealed',
      own.length === 0
        ? `\`${path}\` is sealed, and no key to open it was handed over`
        : `\`${path}\` is sealed under root key ${under.rootId}, which is not ours`,
      {
        hint:
          own.length === 0
            ? 'the processes of an installation are started by `tricordon up` or `tricordon agent join`'
            : 'put back the directory `root-key` that belongs to these keys, or restore a backup',
      },
    );
  const bytes = openKey(subkey, text);
  if (bytes === undefined) throw broken(path, 'does not open: it was changed, or belongs elsewhere');
  return { bytes, current: subkey === own[0] };
}
