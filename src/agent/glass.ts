/**
 * Break-glass on this host: what the control plane opened, and what its sealed code opened while that was away. It ends by
 * itself: after its time on the clock that never jumps, and never later than its date, also over a restart or a clock that is
 * set back.
 */
import { randomBytes } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Clock, codeOf, type Logger, messageOf, printable } from '../base/index.js';
import { isHostCode } from '../identity/index.js';
import { GlassOpening, GlassRequest, glassMinutes } from '../model/index.js';
import { AgentError } from './errors.js';

/** `POST /glass` on the agent's own socket. */
export const GlassByCode = GlassRequest.extend({
  code: z.string().min(1).max(200),
  /** Who typed it, by name. */
  operator: z.string().min(1).max(200),
});
export type GlassByCode = z.infer<typeof GlassByCode>;

export interface Glass {
  /** What the control plane says is open, and the hash of this host's code now. */
  take(told: { readonly open: readonly GlassOpening[]; readonly codeHash: string | null }): void;
  /** @throws AgentError `request-refused` for a wrong code, a used one, or none */
  openByCode(request: GlassByCode): Promise<GlassOpening>;
  /** Closes what this host's code opened. @throws AgentError `request-refused` */
  close(id: string, by: string): Promise<GlassOpening>;
  /** Open now. */
  open(): readonly GlassOpening[];
  /** Own ones that the control plane did not take in yet. */
  untold(): readonly GlassOpening[];
  told(openings: readonly GlassOpening[]): void;
  /** Call every second or so: ends what has come to its end. */
  look(): void;
  /** Once all that is known so far is on disk, or cannot be. */
  written(): Promise<void>;
}

/** `seen`: the latest wall time while it was open: a clock set back does not undo it. */
const Kept = z.strictObject({ opening: GlassOpening, seen: z.number() });
const Own = Kept.extend({ told: z.boolean() });
const File = z.strictObject({
  schemaVersion: z.literal(1),
  codeHash: z.string().nullable(),
  /** Hashes of codes that were used: the control plane may not have heard of it yet. */
  spent: z.array(z.string()),
  remote: z.array(Kept),
  own: z.array(Own),
});
type File = z.infer<typeof File>;
type Kept = z.infer<typeof Kept>;

const empty: File = { schemaVersion: 1, codeHash: null, spent: [], remote: [], own: [] };
/** Own ones that ended and were told are forgotten beyond this many. */
const remembered = 50;
const saveEveryMs = 10_000;
/** A wrong code is answered late, one after the other. */
const wrongCodeMs = 1_000;
const mostWaiting = 8;

export interface GlassOptions {
  readonly path: string;
  readonly host: string;
  /** The control plane's time, as all that is reported. */
  readonly clock: Clock;
  readonly log: Logger;
  /** What is open is no longer what it was. */
  readonly changed: () => void;
}

export function createGlass(options: GlassOptions): Glass {
  const { path, host, clock, log } = options;
  let file = readKept(path, log);
  /** By id: when it ends at the latest, on the monotonic clock. */
  const ends = new Map<string, number>();
  let active = activeNow();
  let savedAt = clock.monotonic();
  let writing: Promise<void> = Promise.resolve();
  let trying: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  return {
    take: ({ open: said, codeHash }) => {
      const known = new Map(file.remote.map((kept) => [kept.opening.id, kept]));
      const remote = said
        .filter(({ until }) => until > clock.now())
        .map((opening) => ({ opening, seen: known.get(opening.id)?.seen ?? opening.openedAt }));
      const usable = codeHash === null || file.spent.includes(codeHash) ? null : codeHash;
      if (usable === file.codeHash && JSON.stringify(remote) === JSON.stringify(file.remote)) return;
      file = { ...file, remote, codeHash: usable };
      saveLater();
      look();
    },
    openByCode: (request) => {
      if (waiting >= mostWaiting)
        throw new AgentError('request-refused', 'too many codes at once', { hint: 'try again in some seconds' });
      waiting += 1;
      const mine = trying
        .then(() => openNow(request))
        .finally(() => {
          waiting -= 1;
        });
      trying = mine.catch(() => {});
      return mine;
    },
    close: async (id, by) => {
      const found = file.own.find(({ opening }) => opening.id === id);
      if (found === undefined || found.opening.closed !== null)
        throw new AgentError('request-refused', `this host has not opened \`${printable(id, 100)}\`, or it is closed`, {
          hint: 'what the control plane opened is closed there: `tricordon break-glass close ID`',
        });
      const opening = closed(found.opening, by);
      file = { ...file, own: file.own.map((one) => (one === found ? { ...one, opening, told: false } : one)) };
      look();
      await save();
      return opening;
    },
    open: () => active,
    untold: () => file.own.filter(({ told }) => !told).map(({ opening }) => opening),
    told: (openings) => {
      const said = new Map(openings.map((opening) => [opening.id, opening]));
      const own = file.own.map((one) => (said.get(one.opening.id) === one.opening ? { ...one, told: true } : one));
      file = { ...file, own: own.filter((one, index) => !one.told || index >= own.length - remembered) };
      saveLater();
    },
    look,
    written: () => writing.catch(() => {}),
  };

  async function openNow(request: GlassByCode): Promise<GlassOpening> {
    const { codeHash } = file;
    if (codeHash === null)
      throw new AgentError('request-refused', 'this host knows no sealed code, or it was used', {
        hint: 'make one while the control plane runs: `tricordon break-glass code HOST`',
      });
    if (!isHostCode(host, request.code, codeHash)) {
      log.warn({ operator: request.operator }, 'a wrong code was given to break the glass');
      await new Promise((resume) => setTimeout(resume, wrongCodeMs));
      throw new AgentError('request-refused', 'this is not the code of this host', {
        hint: 'it is good once, and the newest one only',
      });
    }
    const now = clock.now();
    const opening: GlassOpening = {
      id: `GLASS-${host}-${randomBytes(5).toString('hex')}`,
      services: request.services === null ? null : [...new Set(request.services)],
      layers: [...new Set(request.layers)],
      host,
      openedAt: now,
      until: now + request.minutes * 60_000,
      by: `${request.operator}, by the sealed code of ${host}`,
      reason: request.reason,
      closed: null,
    };
    // Spent on disk before it counts: a crash in between costs the code, and never makes two of one.
    const before = file;
    file = {
      ...file,
      codeHash: null,
      spent: [...file.spent, codeHash].slice(-remembered),
      own: [...file.own, { opening, seen: now, told: false }],
    };
    try {
      await save();
    } catch (error) {
      file = before;
      throw new AgentError('request-refused', `the code could not be marked as used: ${messageOf(error)}`, {
        hint: 'free some space in the data directory, and try again',
        cause: error,
      });
    }
    log.warn(
      { glass: opening.id, by: opening.by, reason: opening.reason, until: opening.until },
      'the glass was broken',
    );
    look();
    return opening;
  }

  function look(): void {
    const now = clock.now();
    const seen = <K extends Kept>(kept: K): K =>
      kept.opening.closed === null && now > kept.seen ? { ...kept, seen: now } : kept;
    file = { ...file, remote: file.remote.map(seen), own: file.own.map(seen) };
    const next = activeNow();
    const same = next.length === active.length && next.every(({ id }, index) => id === active[index]?.id);
    const over = new Set(active.filter(({ id }) => !next.some((one) => one.id === id)).map(({ id }) => id));
    active = next;
    if (over.size > 0)
      file = {
        ...file,
        own: file.own.map((one) =>
          over.has(one.opening.id) && one.opening.closed === null
            ? { ...one, opening: closed(one.opening, 'time'), told: false }
            : one,
        ),
      };
    if (!same) {
      log.warn({ open: active.map(({ id }) => id), closed: [...over] }, 'break-glass changed');
      options.changed();
    }
    if (!same || (active.length > 0 && clock.monotonic() - savedAt > saveEveryMs)) saveLater();
  }

  function closed(opening: GlassOpening, by: string): GlassOpening {
    return { ...opening, closed: { at: Math.min(clock.now(), opening.until), by } };
  }

  function activeNow(): GlassOpening[] {
    const now = clock.now();
    return [...file.remote, ...file.own].flatMap(({ opening, seen }) => {
      if (opening.closed !== null) return [];
      const latest = Math.max(now, seen);
      const left = Math.min(opening.until - latest, glassMinutes.max * 60_000);
      const end = ends.get(opening.id) ?? clock.monotonic() + left;
      ends.set(opening.id, end);
      return left > 0 && clock.monotonic() < end ? [opening] : [];
    });
  }

  function saveLater(): void {
    save().catch((error: unknown) => log.error({ reason: messageOf(error) }, 'what is open could not be written down'));
  }

  /** One after the other, each with what counts by then. */
  function save(): Promise<void> {
    savedAt = clock.monotonic();
    writing = writing.catch(() => {}).then(() => writeKept(path, file));
    return writing;
  }
}

/** Unreadable: nothing is open, and no code is known until the control plane says it again. */
function readKept(path: string, log: Logger): File {
  try {
    return File.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT')
      log.error({ path, reason: messageOf(error) }, 'what was open is not known: nothing is');
    return empty;
  }
}

async function writeKept(path: string, content: File): Promise<void> {
  const handle = await open(`${path}.new`, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(content));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
}
