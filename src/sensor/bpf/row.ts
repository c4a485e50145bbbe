/** The lines between the side that holds root and the agent: one JSON object each, held to a schema where it arrives. */
import { z } from 'zod';
import { printable } from '../../base/index.js';
import type { Parsed } from '../raw-event.js';

const Endpoint = z.strictObject({ address: z.string(), port: z.int() });
const Act = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('exec'),
    path: z.string(),
    args: z.array(z.string()),
    truncated: z.boolean(),
    uid: z.int().exactOptional(),
    parent: z.string().exactOptional(),
    drift: z.enum(['layer', 'memory']).exactOptional(),
    refused: z.boolean().exactOptional(),
  }),
  z.strictObject({ kind: z.literal('fork'), child: z.int() }),
  z.strictObject({ kind: z.literal('exit'), status: z.int().exactOptional() }),
  z.strictObject({
    kind: z.literal('open'),
    path: z.string(),
    write: z.boolean(),
    program: z.string().exactOptional(),
    failed: z.boolean(),
    refused: z.boolean().exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('connect'),
    protocol: z.enum(['tcp', 'udp', 'unix', 'other']),
    peer: Endpoint,
    local: Endpoint.exactOptional(),
    program: z.string().exactOptional(),
    failed: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('accept'), local: Endpoint, peer: Endpoint }),
  z.strictObject({ kind: z.literal('stdio-socket'), descriptor: z.int(), program: z.string().exactOptional() }),
  z.strictObject({ kind: z.literal('denied-syscall'), number: z.int() }),
  z.strictObject({ kind: z.literal('blind-spot'), detail: z.string() }),
]);
const Row: z.ZodType<Parsed> = z.union([
  z.strictObject({
    event: z.strictObject({
      source: z.literal('bpf'),
      at: z.strictObject({ bootMs: z.number() }),
      process: z.strictObject({
        pid: z.int(),
        start: z.int().exactOptional(),
        ppid: z.int().exactOptional(),
        cgroup: z.string().exactOptional(),
        cwd: z.string().exactOptional(),
      }),
      act: Act,
    }),
  }),
  z.strictObject({
    note: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('up') }),
      z.strictObject({ kind: z.literal('tick'), bootMs: z.number() }),
      z.strictObject({ kind: z.literal('cgroup'), id: z.string(), parent: z.string(), name: z.string() }),
      z.strictObject({ kind: z.literal('lost'), count: z.int() }),
      z.strictObject({ kind: z.literal('unreadable'), detail: z.string() }),
    ]),
  }),
]);

export function writeRow(parsed: Parsed): string {
  return JSON.stringify(parsed);
}

/** @returns what the line says; a line that cannot be read becomes a note, never an exception. */
export function readRow(line: string): readonly Parsed[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return [{ note: { kind: 'unreadable', detail: printable(line, 200) } }];
  }
  const row = Row.safeParse(value);
  return [row.success ? row.data : { note: { kind: 'unreadable', detail: printable(line, 200) } }];
}
