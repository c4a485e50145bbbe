/** What `/proc` shows of one process at one moment, as the lowest rung looks at it. */
import { readdirSync, readlinkSync } from 'node:fs';
import { z } from 'zod';
import { commandLineOf, executableOf, processFacts } from '../base/index.js';

export const Glimpse = z.strictObject({
  pid: z.int(),
  /** Clock ticks after boot. */
  start: z.number(),
  ppid: z.int(),
  comm: z.string(),
  /** Null without the right to read it. */
  executable: z.string().nullable(),
  /** At most 256 words of 4,096 characters. */
  args: z.array(z.string()),
  argsTruncated: z.boolean(),
  /** The network namespace, and the sockets among the descriptors, by inode; null without the right to read them. */
  network: z
    .strictObject({
      namespace: z.string(),
      sockets: z.array(z.strictObject({ descriptor: z.int(), inode: z.string() })),
    })
    .nullable(),
});
export type Glimpse = z.infer<typeof Glimpse>;

const mostSockets = 4_096;

/** Undefined when the process is gone or a zombie. */
export function glimpse(pid: number): Glimpse | undefined {
  const facts = processFacts(pid);
  if (facts === undefined || facts.state === 'Z') return undefined;
  const words = commandLineOf(pid) ?? [];
  return {
    pid,
    start: facts.start,
    ppid: facts.ppid,
    comm: facts.comm,
    executable: executableOf(pid) ?? null,
    args: words.slice(0, 256).map((word) => word.slice(0, 4_096)),
    argsTruncated: words.length > 256,
    network: networkOf(pid),
  };
}

function networkOf(pid: number): Glimpse['network'] {
  try {
    const namespace = readlinkSync(`/proc/${pid}/ns/net`);
    const sockets: NonNullable<Glimpse['network']>['sockets'] = [];
    for (const name of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[([0-9]+)\]$/.exec(link(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode !== undefined && sockets.length < mostSockets) sockets.push({ descriptor: Number(name), inode });
    }
    return { namespace, sockets };
  } catch {
    return null; // gone, or another user's: then its sockets are not ours to see
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
