/** Runs the shop's attack and judges every step by what was carried out and what the layers said of it. */
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { exec } from '../../base/index.js';
import { Layer, type Signal } from '../../model/index.js';
import { CliError } from '../command.js';
import type { Outcome } from './report.js';

const AttackRun = z.object({
  name: z.string(),
  startedAt: z.number(),
  status: z.int(),
  steps: z.array(
    z.object({
      name: z.string(),
      layer: Layer,
      at: z.number().nullable(),
      carriedOut: z.boolean(),
      detail: z.string(),
    }),
  ),
});
export type AttackRun = z.infer<typeof AttackRun>;

/** Milliseconds until the greeting: whoever calls home stays a while. Three looks of the weakest sensor (`/proc`). */
const greetingMs = 600;

/** The host that the attack calls out to: greets whoever comes through. On a loopback address of its own. */
export async function openListener(): Promise<{
  readonly server: Server;
  readonly address: string;
  readonly port: number;
}> {
  const address = '127.66.6.9';
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const timer = setTimeout(() => socket.end('hello\n'), greetingMs);
    socket.on('close', () => clearTimeout(timer));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const bound = server.address();
  return { server, address, port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
}

export async function runAttack(shop: string, base: string, listener: string): Promise<AttackRun> {
  const done = await exec(process.execPath, [join(shop, 'attack.mjs'), '--base', base, '--listener', listener], {
    timeoutMs: 60_000,
    cwd: '/',
  });
  try {
    return AttackRun.parse(JSON.parse(done.stdout));
  } catch (error) {
    throw new CliError('demo-failed', 'the attack did not report', {
      cause: error,
      hint: done.stderr.slice(0, 300) || 'look at the logs with --keep',
    });
  }
}

type Step = AttackRun['steps'][number];

const refusals: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

/** Which signals speak of which step of the shop's attack, in its order. */
const speaksOf: readonly ((signal: Signal) => boolean)[] = [
  (signal) => signal.layer === 'api' && signal.tactic === 'TA0001',
  (signal) => signal.layer === 'runtime' && signal.tactic === 'TA0002',
  (signal) => signal.layer === 'runtime' && signal.tactic === 'TA0006',
  (signal) => signal.tactic === 'TA0011' || signal.tactic === 'TA0010',
  (signal) => signal.layer === 'api' && signal.tactic === 'TA0008',
];

/** @param held the kernel holds the attacked service to its runtime contract */
export function judge(
  run: AttackRun,
  signals: readonly Signal[],
  held = false,
): { name: string; layer: Step['layer']; outcome: Outcome }[] {
  return run.steps.map((step, index) => ({
    name: step.name,
    layer: step.layer,
    outcome: outcomeOf(step, signals.filter(speaksOf[index] ?? (() => false)), run.status, held),
  }));
}

function outcomeOf(step: Step, signals: readonly Signal[], status: number, held: boolean): Outcome {
  // What is refused before it begins leaves nothing for a sensor that only looks at what runs; the attacker was told.
  if (!step.carriedOut && held && step.layer === 'runtime' && refusals.has(step.detail)) return 'refused';
  if (!step.carriedOut && (signals.some((signal) => signal.outcome === 'refused') || status === 403)) return 'refused';
  if (signals.length > 0) return 'detected';
  return step.carriedOut ? 'unseen' : 'failed';
}
