/** The certificates that our listeners show: renewed in time, and when the root above them is about to go. Nothing restarts. */
import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { messageOf } from '../base/index.js';
import type { KeyAndChain } from './certificates.js';
import type { Context } from './context.js';
import { ServerError } from './errors.js';

export interface Door {
  readonly name: 'console' | 'agents';
  readonly app: FastifyInstance;
  readonly current: KeyAndChain;
  readonly next: () => Promise<KeyAndChain>;
  /** Another key, whatever there is. */
  readonly anew: () => Promise<KeyAndChain>;
  /** Roots that clients may come with; none where nobody does. */
  readonly ca?: () => readonly string[];
  /** How long before its end it is made anew. */
  readonly renewBeforeMs: number;
  /** Told of each that is shown. */
  readonly shown: (certificate: KeyAndChain) => void;
}

export interface Doors {
  /** What a door shows from now on: another key and its certificate. Connections that are open go on. */
  replace(name: Door['name']): Promise<KeyAndChain>;
  /** Makes anew what is due. Rejects when one of them could not be. */
  renew(): Promise<void>;
  stop(): void;
}

const everyMs = 60_000;

export function openDoors({ authority, clock, log }: Context, doors: readonly Door[]): Doors {
  const shown = new Map(doors.map((door) => [door, door.current]));
  for (const door of doors) door.shown(door.current);
  const timer = setInterval(() => {
    renew().catch((error: unknown) => log.error({ reason: messageOf(error) }, 'a certificate was not renewed'));
  }, everyMs);
  timer.unref();
  return { renew, replace, stop: () => clearInterval(timer) };

  async function replace(name: Door['name']): Promise<KeyAndChain> {
    const door = doors.find((one) => one.name === name);
    if (door === undefined) throw new ServerError('unavailable', 'the listeners are not up yet');
    const next = await door.anew();
    show(door, next);
    return next;
  }

  function show(door: Door, next: KeyAndChain): void {
    const server = door.app.server as unknown as Server; // made by our own serverFactory
    server.setSecureContext({
      key: next.key,
      cert: next.cert,
      ...(door.ca === undefined ? {} : { ca: [...door.ca()] }),
    });
    shown.set(door, next);
    door.shown(next);
  }

  async function renew(): Promise<void> {
    for (const [door, current] of shown) {
      const inTime = current.notAfter - clock.now() > door.renewBeforeMs;
      if (inTime && current.root === authority.roots.oldest().pem) continue;
      show(door, await door.next());
    }
  }
}
