/**
 * The roots of one trust domain, and the change from one to the next: announced (both trusted, the old one signs), switched
 * (both trusted, the new one signs), finished. Each step is written down before it begins and can be repeated.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/index.js';
import { IdentityError } from './errors.js';
import { broken, createOwnFile, readOwnFile, removeOwnFile, replaceOwnFile } from './key-file.js';
import { loadRoot, type Root } from './root.js';
import { rootFingerprint } from './roots.js';
import { type RotationState, readRotation, writeRotation } from './rotation-state.js';
import { join } from 'node:path';

/** Keys in the directory, by file name. */
export interface RootKeys {
  /** Makes it when there is none. */
  load(name: string): Promise<KeyObject>;
  replace(name: string, key: KeyObject): Promise<void>;
}

export interface RootsOptions {
  readonly directory: string;
  readonly trustDomain: string;
  readonly clock: Clock;
  readonly keys: RootKeys;
  /** How long something that the old root signed may live after the switch. */
  readonly leafLifeMs: number;
}

/** What lies between two phases is never seen from outside. */
export type StandingState = Extract<RotationState, { phase: 'none' | 'announced' | 'switched' }>;

export interface Roots {
  state(): StandingState;
  signing(): Root;
  /** What also those trust who were away when a new root was announced: the old one, until it goes. */
  oldest(): Root;
  /** Signing root first. */
  all(): readonly Root[];
  /** Makes the new root, and has it trusted. @throws IdentityError `rotation-out-of-order`, as the others */
  begin(by: string): Promise<void>;
  /** The new root signs from now on. */
  switchOver(by: string): Promise<void>;
  /** The old root goes. @param before runs when nothing new is signed by it and it is still trusted */
  finish(by: string, before: () => Promise<void>): Promise<void>;
  /** The new root goes, which never signed anything. */
  abort(by: string): Promise<void>;
}

type Place = 'root' | 'next-root' | 'old-root';
/** Every root that is trusted, signing root first. */
const rootsFile = 'roots.pem';
const keyFile = (place: Place) => `${place}.key.pem`;
const certificateFile = (place: Place) => `${place}.crt.pem`;

/** Ends a step that was interrupted. @throws IdentityError `ca-broken` */
export async function openRoots(options: RootsOptions): Promise<Roots> {
  const { directory, clock, keys, leafLifeMs } = options;
  let { state, signing, other } = await opened();
  let leaving = false;
  let queue: Promise<unknown> = Promise.resolve();

  return {
    state: () => state,
    signing: () => signing,
    oldest: () => (state.phase === 'switched' && !leaving ? (other ?? signing) : signing),
    all: () => (other === undefined ? [signing] : [signing, other]),
    begin: (by) =>
      alone(async () => {
        if (state.phase !== 'none') throw outOfOrder('a change of the root is under way already');
        const next = await load('next-root');
        await reach({ phase: 'announced', by, at: clock.now(), next: next.fingerprint });
      }),
    switchOver: (by) =>
      alone(async () => {
        if (state.phase !== 'announced')
          throw outOfOrder(state.phase === 'none' ? 'no new root is announced' : 'the new root signs already');
        await reach({ phase: 'switching', by, at: clock.now(), next: state.next, old: signing.fingerprint });
      }),
    finish: (by, before) =>
      alone(async () => {
        if (state.phase !== 'switched') throw outOfOrder('the new root does not sign yet');
        leaving = true;
        try {
          await before();
          await reach({ phase: 'finishing', by, at: clock.now(), old: state.old });
        } finally {
          leaving = false;
        }
      }),
    abort: (by) =>
      alone(async () => {
        if (state.phase !== 'announced')
          throw outOfOrder(state.phase === 'none' ? 'no new root is announced' : 'the new root signs already');
        await reach({ phase: 'aborting', by, at: clock.now(), next: state.next });
      }),
  };

  /** One step after the other, each from where the files are: the one before may have failed half way. */
  function alone(work: () => Promise<void>): Promise<void> {
    const done = queue.then(async () => {
      ({ state, signing, other } = await opened());
      await work();
    });
    queue = done.catch(() => {});
    return done;
  }

  async function reach(next: RotationState): Promise<void> {
    await writeRotation(directory, next);
    ({ state, signing, other } = await opened());
  }

  async function opened() {
    const state = await settled(await readRotation(directory));
    const [signing, other] = [await load('root'), await besides(state)];
    await publish(other === undefined ? [signing] : [signing, other]);
    return { state, signing, other };
  }

  /** Repeats what a step does until it is done; every write in it can be the last one before a power cut. */
  async function settled(from: RotationState): Promise<StandingState> {
    const { phase } = from;
    if (phase === 'announced' || phase === 'switched') return from;
    if (phase === 'none') {
      if ((await fingerprintIn('old-root')) !== undefined)
        throw broken(join(directory, certificateFile('old-root')), 'is there, yet no change of the root is under way');
      // Made, and nobody was told.
      await remove('next-root');
      return from;
    }
    const { by, at } = from;
    if (phase === 'switching') {
      await move(from.old, from.next);
      await remove('next-root');
      return written({ phase: 'switched', by, at, old: from.old, leavesEnd: at + leafLifeMs });
    }
    if (phase === 'finishing') {
      await remove('old-root');
      return written({ phase: 'none', last: { how: 'finished', by, at, left: from.old } });
    }
    await remove('next-root');
    return written({ phase: 'none', last: { how: 'aborted', by, at, left: from.next } });
  }

  /** The certificate in the place of the root says how far it came: it is written last. */
  async function move(old: string, next: string): Promise<void> {
    const found = await fingerprintIn('root');
    if (found === next) return;
    if (found !== old)
      throw broken(join(directory, certificateFile('root')), 'is neither the old root nor the new one');
    const before = await pemIn('root');
    const [key, nextKey] = [await keys.load(keyFile('root')), await keys.load(keyFile('next-root'))];
    const after = await load('next-root');
    if (after.fingerprint !== next) throw broken(join(directory, certificateFile('next-root')), 'is another root');
    if (!key.equals(nextKey)) {
      await keys.replace(keyFile('old-root'), key);
      await replaceOwnFile(directory, certificateFile('old-root'), before);
      await keys.replace(keyFile('root'), nextKey);
    }
    await replaceOwnFile(directory, certificateFile('root'), after.pem);
  }

  async function written<T extends RotationState>(next: T): Promise<T> {
    await writeRotation(directory, next);
    return next;
  }

  /** For whatever is given roots as a file: a scraper, a script. */
  async function publish(roots: readonly Root[]): Promise<void> {
    const text = roots.map(({ pem }) => pem).join('');
    const known = await readOwnFile(directory, rootsFile);
    // At the very first start two processes may be here at once.
    if (known === undefined) await createOwnFile(directory, rootsFile, text);
    else if (known.toString('latin1') !== text) await replaceOwnFile(directory, rootsFile, text);
  }

  async function besides(state: StandingState): Promise<Root | undefined> {
    if (state.phase === 'none') return undefined;
    const [place, named] =
      state.phase === 'announced' ? (['next-root', state.next] as const) : (['old-root', state.old] as const);
    if ((await fingerprintIn(place)) !== named)
      throw broken(join(directory, certificateFile(place)), 'is not the root of which the change speaks');
    return load(place);
  }

  async function load(place: Place): Promise<Root> {
    return loadRoot(directory, certificateFile(place), await keys.load(keyFile(place)), options);
  }

  async function remove(place: Place): Promise<void> {
    // The key first: a certificate without it is no secret, and tells what is left to do.
    await removeOwnFile(directory, keyFile(place));
    await removeOwnFile(directory, certificateFile(place));
  }

  async function pemIn(place: Place): Promise<string> {
    return (await readOwnFile(directory, certificateFile(place)))?.toString('latin1') ?? '';
  }

  async function fingerprintIn(place: Place): Promise<string | undefined> {
    const pem = await pemIn(place);
    if (pem === '') return undefined;
    try {
      return rootFingerprint(pem);
    } catch (cause) {
      throw broken(join(directory, certificateFile(place)), 'holds no certificate', cause);
    }
  }
}

function outOfOrder(message: string): IdentityError {
  return new IdentityError('rotation-out-of-order', message, { hint: 'see `tricordon key rotate ca --status`' });
}
