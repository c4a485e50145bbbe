/** Passwords: scrypt (RFC 7914), its parameters kept with each hash, and never more at once than memory and CPU bear. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { ServerError } from '../errors.js';

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 64 MiB each: of the equivalents that the OWASP password storage cheat sheet lists as its minimum. */
export const cost: Cost = { N: 2 ** 16, r: 8, p: 2 };
/** What a hash may ask of us, should the database be changed under us. */
const dearest = 2 ** 18 * 8 * 4;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** With `undefined`, for accounts that are not there, the work is the same and the answer no. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/** Two at a time take half the threads that Node has for such work; who waits holds no memory. */
export function createPasswords({ atOnce = 2, waiting = 32, now = cost } = {}): Passwords {
  let running = 0;
  const queue: (() => void)[] = [];
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (queue.length >= waiting)
        throw new ServerError('rate-limited', 'too many people sign in at once', {
          hint: 'try again in a few seconds',
        });
      await new Promise<void>((resolve) => queue.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
  const nobody = format(now, randomBytes(16), randomBytes(32));
  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = randomBytes(16);
        return format(now, salt, await derive(password, salt, now));
      }),
    verify: (password, hash) =>
      inTurn(async () => {
        const kept = read(hash ?? nobody) ?? read(nobody);
        if (kept === undefined) return false;
        const same = timingSafeEqual(await derive(password, kept.salt, kept.cost), kept.key);
        return same && hash !== undefined;
      }),
  };
}

function derive(password: string, salt: Buffer, { N, r, p }: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same password may be typed as different code points (RFC 8265 section 4.2).
    scrypt(password.normalize('NFC'), salt, 32, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

function format({ N, r, p }: Cost, salt: Buffer, key: Buffer): string {
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/** Undefined when it is not one of ours: it then fits no password. */
function read(hash: string): { cost: Cost; salt: Buffer; key: Buffer } | undefined {
  const [kind, N, r, p, salt, key, more] = hash.split('$');
  const asked = { N: Number(N), r: Number(r), p: Number(p) };
  if (kind !== 'scrypt' || more !== undefined || !(asked.N * asked.r * asked.p <= dearest)) return undefined;
  const found = { cost: asked, salt: Buffer.from(salt ?? '', 'base64url'), key: Buffer.from(key ?? '', 'base64url') };
  return found.key.length === 32 ? found : undefined;
}
