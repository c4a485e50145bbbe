/**
 * What open incidents hold of a spool: exactly what they need, each in a folder of links beside the rotation. Held segments
 * do not count into the spool's size; what they take alone is bounded too, and there the new is refused, not the old lost.
 */
import { link, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { codeOf } from '../../base/index.js';
import { pinDirectory, type SegmentSpans } from './retention.js';
import { listSegments } from './segment.js';
import { syncDirectory } from './small-file.js';

export interface SpoolPin {
  readonly id: string;
  /** Milliseconds since the epoch, both ends included. */
  readonly since: number;
  readonly until: number;
}

export interface HeldPins {
  /** Of segments that only pins still hold. */
  readonly bytes: number;
  /** New pins for which there was no room. */
  readonly refused: readonly string[];
}

/** Makes what is missing, removes what nobody wants any more. Oldest first, until `maxBytes` are held. */
export async function holdExactly(
  directory: string,
  wanted: readonly SpoolPin[],
  maxBytes: number,
  spans: SegmentSpans,
): Promise<HeldPins> {
  const root = `${directory}/pins`;
  await mkdir(root, { recursive: true, mode: 0o700 });
  const keep = new Set(wanted.map(({ id }) => basename(pinDirectory(directory, id))));
  const there = new Set(await readdir(root));
  for (const name of there) if (!keep.has(name)) await rm(`${root}/${name}`, { recursive: true, force: true });

  const segments = await spans(directory);
  const rotated = await heldAlone(root, new Set(segments.map(({ segment }) => segment.name)));
  const refused: string[] = [];
  for (const { id, since, until } of [...wanted].sort((one, other) => one.since - other.since)) {
    const folder = pinDirectory(directory, id);
    if (!there.has(basename(folder)) && rotated >= maxBytes) {
      refused.push(id);
      continue;
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const { segment, span } of segments) {
      // Undefined: unreadable, and so perhaps evidence itself.
      if (span !== undefined && (span.lastAt < since || span.firstAt > until)) continue;
      await link(segment.path, `${folder}/${segment.name}`).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOENT') throw error;
      });
    }
    await syncDirectory(folder);
  }
  return { bytes: rotated, refused };
}

/** Sequence of the first block that the spool or a pin still holds; undefined when there is none. */
export async function oldestBlock(directory: string): Promise<number | undefined> {
  const pins = await readdir(`${directory}/pins`).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const firsts: number[] = [];
  for (const folder of [directory, ...pins.map((pin) => `${directory}/pins/${pin}`)]) {
    const [oldest] = await listSegments(folder);
    if (oldest !== undefined) firsts.push(oldest.first);
  }
  return firsts.length === 0 ? undefined : Math.min(...firsts);
}

async function heldAlone(root: string, live: ReadonlySet<string>): Promise<number> {
  const sizes = new Map<string, number>();
  for (const pin of await readdir(root))
    for (const name of await readdir(`${root}/${pin}`))
      if (!live.has(name) && !sizes.has(name)) sizes.set(name, (await lstat(`${root}/${pin}/${name}`)).size);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
