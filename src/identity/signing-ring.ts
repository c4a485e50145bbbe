/**
 * The key that signs evidence (Ed25519), and the public halves of those before it, so that what they signed stays
 * verifiable. Every handover is signed by both keys: whoever holds one of them alone, or changes the list, puts no key into it.
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { broken, readOwnFile, replaceOwnFile } from './key-file.js';

/** Lies beside the key. Its name sorts after the key's: a copy made in that order never holds a key that its list does not know. */
const listName = 'evidence.keys.json';

const Handover = z.strictObject({
  /** Milliseconds since the epoch. */
  at: z.int().min(0),
  /** SubjectPublicKeyInfo PEM of the key that signs from then on. */
  publicKey: z.string().max(1_000),
  /** What the two keys witness beside each other, as the caller gave it. */
  witnessed: z.string().max(10_000),
  byOld: z.base64().max(200),
  byNew: z.base64().max(200),
});
type Handover = z.infer<typeof Handover>;
const List = z.strictObject({ first: z.string().max(1_000), handovers: z.array(Handover).max(10_000) });

export interface SigningKey {
  /** SHA-256 over the SubjectPublicKeyInfo, hex. */
  readonly id: string;
  readonly publicKey: string;
  /** Milliseconds since the epoch; null: from the beginning. */
  readonly since: number | null;
  /** null: it signs now. */
  readonly until: number | null;
}

export interface SigningRing {
  sign(bytes: Uint8Array): Buffer;
  /** By the key that signs now. */
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
  /** Oldest first; the last signs. */
  keys(): readonly SigningKey[];
  /** What the last handover witnesses; undefined: there was none. */
  witnessed(): string | undefined;
  /**
   * Another key signs from here on, and the private half of this one is gone. Killed or failed at any step, either the old
   * key signs as if nothing had been, or the new one.
   */
  rotate(witnessed: string, at: number): Promise<SigningKey>;
}

export interface SigningPlace {
  readonly directory: string;
  /** Opens the private key, making it when there is none. */
  readonly load: () => Promise<KeyObject>;
  /** Whole or not at all; from here on the new key signs. */
  readonly replace: (key: KeyObject) => Promise<void>;
}

/** @throws IdentityError `ca-broken` for a key that the list beside it does not know, or a list that does not hold together */
export async function openSigningRing(place: SigningPlace): Promise<SigningRing> {
  const path = join(place.directory, listName);
  const found = await readOwnFile(place.directory, listName);
  if (found !== undefined && (await readOwnFile(place.directory, 'evidence.key.pem')) === undefined)
    throw broken(join(place.directory, 'evidence.key.pem'), 'is missing, yet the list of its public keys is there');
  let key = await place.load();
  let list = found === undefined ? { first: pemOf(key), handovers: [] } : verified(path, found);
  const own = pemOf(key);
  const at = [list.first, ...list.handovers.map(({ publicKey }) => publicKey)].lastIndexOf(own);
  if (at < 0) throw broken(path, 'does not know the key beside it');
  // What comes after was begun and never signed.
  list = { ...list, handovers: list.handovers.slice(0, at) };
  let queue: Promise<unknown> = Promise.resolve();

  return {
    sign: (bytes) => sign(null, bytes, key),
    verify: (bytes, signature) => isSigned(bytes, key, signature),
    keys: () => keysOf(list),
    witnessed: () => list.handovers.at(-1)?.witnessed,
    rotate: (witnessed, when) => {
      const done = queue.then(() => change(witnessed, Math.floor(when)));
      queue = done.catch(() => {});
      return done;
    },
  };

  async function change(witnessed: string, when: number): Promise<SigningKey> {
    const next = generateKeyPairSync('ed25519').privateKey;
    const publicKey = pemOf(next);
    const text = statement(pemOf(key), publicKey, when, witnessed);
    const handover: Handover = {
      at: when,
      publicKey,
      witnessed,
      byOld: sign(null, text, key).toString('base64'),
      byNew: sign(null, text, next).toString('base64'),
    };
    const grown = { ...list, handovers: [...list.handovers, handover] };
    const content = Buffer.from(`${JSON.stringify(grown)}\n`);
    // What could not be read back is not written: the next start would fail on it.
    verified(path, content);
    await replaceOwnFile(place.directory, listName, content);
    await place.replace(next);
    key = next;
    list = grown;
    return { id: keyId(publicKey), publicKey, since: when, until: null };
  }
}

/** Which of the keys signed it; undefined: none did. */
export function signerOf(
  keys: readonly SigningKey[],
  bytes: Uint8Array,
  signature: Uint8Array,
): SigningKey | undefined {
  return keys.findLast(({ publicKey }) => isSigned(bytes, createPublicKey(publicKey), signature));
}

function isSigned(bytes: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, bytes, key, signature);
}

function keysOf({ first, handovers }: z.infer<typeof List>): readonly SigningKey[] {
  return [{ at: null, publicKey: first }, ...handovers].map(({ at, publicKey }, index) => ({
    id: keyId(publicKey),
    publicKey,
    since: at,
    until: handovers[index]?.at ?? null,
  }));
}

function verified(path: string, bytes: Buffer): z.infer<typeof List> {
  let list: z.infer<typeof List>;
  try {
    list = List.parse(JSON.parse(bytes.toString()));
    let before = list.first;
    for (const { publicKey, at, witnessed, byOld, byNew } of list.handovers) {
      const text = statement(before, publicKey, at, witnessed);
      const held = [before, publicKey].every((pem, index) =>
        isSigned(text, createPublicKey(pem), Buffer.from(index === 0 ? byOld : byNew, 'base64')),
      );
      if (!held) throw new Error('a handover that its two keys did not sign');
      before = publicKey;
    }
  } catch (cause) {
    throw broken(path, 'does not hold together: it was changed', cause);
  }
  return list;
}

/** Not to be taken for anything else that these keys sign. */
function statement(before: string, after: string, at: number, witnessed: string): Buffer {
  return Buffer.from(`tricordon evidence key v1\n${keyId(before)}\n${keyId(after)}\n${at}\n${witnessed}\n`);
}

function pemOf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

function keyId(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex');
}
