/** What runs for an installation: written by the supervisor, read by `run`, `status`, `down` and the next `up`. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning, processFacts } from '../base/index.js';

const ProcessEntry = z.strictObject({ name: z.string(), pid: z.int(), start: z.number() });
export type ProcessEntry = z.infer<typeof ProcessEntry>;

export const StateFile = z.strictObject({
  schemaVersion: z.literal(1),
  rootMode: z.boolean(),
  runtimeDir: z.string(),
  supervisor: ProcessEntry,
  processes: z.array(ProcessEntry),
  services: z.array(ProcessEntry),
  console: z.string().nullable(),
  fingerprint: z.string().nullable(),
  agentSocket: z.string(),
  /** Where our processes' code and Node binary are. */
  program: z.strictObject({ programDir: z.string(), nodePath: z.string() }).optional(),
  demo: z.boolean(),
});
export type StateFile = z.infer<typeof StateFile>;

export function readState(dataDir: string): StateFile | undefined {
  const path = join(dataDir, 'state.json');
  if (!existsSync(path)) return undefined;
  try {
    return StateFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // torn or foreign: the same as none; `down` finds the rest by other marks
  }
}

export function writeState(dataDir: string, state: StateFile): void {
  const path = join(dataDir, 'state.json');
  writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function entryOf(name: string, pid: number): ProcessEntry {
  return { name, pid, start: processFacts(pid)?.start ?? 0 };
}

export function alive(entry: ProcessEntry): boolean {
  return isRunning(entry.pid, entry.start);
}

/** Signals exactly this process, never one that took over its pid. */
export function signalEntry(entry: ProcessEntry, signal: NodeJS.Signals): boolean {
  if (!alive(entry)) return false;
  try {
    process.kill(entry.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Asks, waits, then kills. Resolves when all are gone. */
export async function stopAll(entries: readonly ProcessEntry[], graceMs: number): Promise<void> {
  for (const entry of entries) signalEntry(entry, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (entries.some(alive) && performance.now() < deadline) await pause(50);
  for (const entry of entries) signalEntry(entry, 'SIGKILL');
  while (entries.some(alive)) await pause(20);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
