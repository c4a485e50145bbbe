/** AES-256-GCM for secrets that must be read back: useless to whoever has the database alone. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface Sealer {
  /** `place` is where it belongs; elsewhere it does not open. */
  seal(secret: Buffer, place: string): string;
  /** Undefined when it is not ours, was changed or was put elsewhere. */
  open(sealed: string, place: string): Buffer | undefined;
}

/** @param keys of 32 bytes; the first seals, all of them open */
export function createSealer(keys: () => readonly [Buffer, ...Buffer[]]): Sealer {
  return {
    seal: (secret, place) => {
      const [key] = keys();
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(Buffer.from(place));
      const text = Buffer.concat([cipher.update(secret), cipher.final()]);
      return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
    },
    open: (sealed, place) => {
      const bytes = Buffer.from(/^v1\.([\w-]+)$/.exec(sealed)?.[1] ?? '', 'base64url');
      if (bytes.length < 28) return undefined;
      for (const key of keys()) {
        const opened = openWith(key, bytes, place);
        if (opened !== undefined) return opened;
      }
      return undefined;
    },
  };
}

function openWith(key: Buffer, bytes: Buffer, place: string): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      .setAAD(Buffer.from(place))
      .setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  } catch {
    return undefined;
  }
}
