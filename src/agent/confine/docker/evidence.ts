/** What the Engine tells of a workload's container: facts, files that differ from the image, and what it printed. */
import { z } from 'zod';
import type { Prepared } from '../rung.js';
import { containerOf } from './attest.js';
import { openDocker, splitFrames } from './engine.js';

export const ContainerEvidence = z.strictObject({
  container: z.string(),
  image: z.string(),
  created: z.string(),
  startedAt: z.string(),
  command: z.array(z.string()),
  user: z.string(),
  /** Names only, never values. */
  environmentNames: z.array(z.string()),
  mounts: z.array(z.strictObject({ source: z.string(), destination: z.string(), writable: z.boolean() })),
  changes: z.array(z.strictObject({ path: z.string(), kind: z.enum(['changed', 'added', 'deleted']) })),
  /** More files differ than are listed. */
  truncated: z.boolean(),
  /** The end of both streams, base64: it is the workload's own and may be anything. */
  logs: z.string(),
});
export type ContainerEvidence = z.infer<typeof ContainerEvidence>;

/** Together well below the longest line of the helper's protocol. */
const [maxChangeBytes, maxLogBytes] = [1 << 20, 512 << 10];

export async function containerEvidence(prepared: Prepared): Promise<ContainerEvidence> {
  const engine = await openDocker();
  const found = await containerOf(engine, prepared);
  const changes: ContainerEvidence['changes'] = [];
  let size = 0;
  let truncated = false;
  for (const change of await engine.changes(found.Id)) {
    size += JSON.stringify(change).length;
    truncated = size > maxChangeBytes;
    if (truncated) break;
    changes.push(change);
  }
  return {
    container: found.Id,
    image: found.Image,
    created: found.Created,
    startedAt: found.State.StartedAt,
    command: [found.Path, ...found.Args].slice(0, 1_024).map((word) => word.slice(0, 256)),
    user: found.Config.User,
    environmentNames: found.Config.Env.slice(0, 1_024).map((line) => line.slice(0, Math.min(line.indexOf('='), 256))),
    mounts: found.Mounts.map(({ Source, Destination, RW }) => ({
      source: Source,
      destination: Destination,
      writable: RW,
    })),
    changes,
    truncated,
    logs: await lastOutput(await engine.logs(found.Id, { follow: false })),
  };
}

async function lastOutput(stream: AsyncIterable<Buffer>): Promise<string> {
  let kept: Buffer[] = [];
  let size = 0;
  await splitFrames(stream, (_, piece) => {
    kept.push(piece);
    size += piece.length;
    if (size < 2 * maxLogBytes) return;
    const end = Buffer.concat(kept).subarray(-maxLogBytes);
    kept = [end];
    size = end.length;
  });
  return Buffer.concat(kept).subarray(-maxLogBytes).toString('base64');
}
