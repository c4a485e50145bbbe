/** Orders to the `tricordon run` that holds a command: end it, start it again. It follows them, and answers each. */
import { randomBytes } from 'node:crypto';
import type { ContractVersion } from '../model/index.js';
import type { Order, OrderResult } from './local-protocol.js';
import type { WorkloadEntry } from './workload-entry.js';
import type { WorkloadRecord } from './workload-record.js';

export interface WorkloadOrdersOptions {
  /** The command is about to be launched anew: until it runs, what is seen is the launcher's doing again. */
  readonly rewatch: (record: WorkloadRecord) => void;
  /** The contract version whose runtime part a command started now is held to; null where nothing is to be refused. */
  readonly runtimeContract: (service: string) => Promise<ContractVersion | null>;
}

export interface WorkloadOrders {
  /** Returns what ends it. */
  follow(entry: WorkloadEntry, take: (order: Order) => void): () => void;
  /** `detail` says why it did not happen. */
  give(entry: WorkloadEntry, order: Order['order'], timeoutMs: number): Promise<OrderResult>;
  answered(entry: WorkloadEntry, order: string, result: OrderResult): void;
}

export function workloadOrders(options: WorkloadOrdersOptions): WorkloadOrders {
  return {
    follow: (entry, take) => {
      entry.followers.add(take);
      return () => entry.followers.delete(take);
    },
    give,
    answered: (entry, order, result) => {
      if (result.pid !== null && result.start !== null)
        entry.record = { ...entry.record, process: { pid: result.pid, start: result.start } };
      entry.waiting.get(order)?.(result);
    },
  };

  async function give(entry: WorkloadEntry, order: Order['order'], timeoutMs: number): Promise<OrderResult> {
    const contract =
      order === 'restart' && entry.record.request.image === null
        ? await options.runtimeContract(entry.record.request.service)
        : null;
    if (order === 'restart') {
      entry.record = { ...entry.record, process: null };
      options.rewatch(entry.record);
    }
    const id = randomBytes(8).toString('hex');
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        entry.waiting.delete(id);
        resolve({
          ok: false,
          detail: 'the `tricordon run` that holds the command did not answer',
          pid: null,
          start: null,
        });
      }, timeoutMs);
      entry.waiting.set(id, (result) => {
        clearTimeout(timer);
        entry.waiting.delete(id);
        resolve(result);
      });
      for (const follower of entry.followers) follower({ id, order, contract });
    });
  }
}
