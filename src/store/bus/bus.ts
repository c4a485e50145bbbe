/** The bus between our processes: at-least-once, in batches, to every group. Facts live in the tables; this only carries them. */

export type Batch = readonly unknown[];
/** Must be idempotent, and must parse: a batch is JSON from another process. A throw means: try again later. */
export type Handler = (batch: Batch) => Promise<void>;

export interface ConsumeOptions {
  /** Ends the consumption; what is in flight is finished first. */
  readonly signal: AbortSignal;
  /** Batches handled at the same time; default 1 (then they come in order, retries apart). */
  readonly maxInFlight?: number;
}

export interface DeadLetter {
  readonly id: number;
  readonly topic: string;
  readonly group: string;
  readonly batch: Batch;
  readonly attempts: number;
  readonly error: string;
}

export interface Publisher {
  /** Held by the backend when it resolves (in a transaction: with its commit). Empty batches are not sent. */
  publish(topic: string, batch: Batch): Promise<void>;
}

export interface Bus extends Publisher {
  /** From now on the group gets every batch of the topic, also while nobody consumes. Idempotent, durable. */
  register(group: string, topic: string): Promise<void>;
  /** Resolves when the signal fired and nothing is in flight any more. Registers the group first. */
  consume(group: string, topic: string, handler: Handler, options: ConsumeOptions): Promise<void>;
  /** How many batches wait or are being handled, and how many failed too often. */
  depth(): Promise<BusDepth>;
  /** Batches that failed too often. */
  deadLetters(topic?: string): Promise<DeadLetter[]>;
  /** Gives a dead batch a fresh start; false when there is none of this id. */
  revive(id: number): Promise<boolean>;
}

export interface BusDepth {
  readonly waiting: number;
  readonly dead: number;
}

export interface BusSettings {
  /** Tries before a batch is set aside; default 5. */
  readonly maxAttempts?: number;
  /** First pause after a failure, doubled each time, at most a minute; default 500. */
  readonly retryMs?: number;
  /** How often to look without being told; default 1,000. */
  readonly pollMs?: number;
}

export interface BusLimits {
  readonly maxAttempts: number;
  readonly retryMs: number;
  readonly pollMs: number;
}

export function limitsOf(settings: BusSettings): BusLimits {
  return { maxAttempts: settings.maxAttempts ?? 5, retryMs: settings.retryMs ?? 500, pollMs: settings.pollMs ?? 1_000 };
}

export function pauseAfter(attempts: number, retryMs: number): number {
  return Math.min(retryMs * 2 ** Math.max(0, attempts - 1), 60_000);
}
