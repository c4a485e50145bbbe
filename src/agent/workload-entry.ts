/** One workload while this agent holds it: its record, and what only a running agent has of it. */
import type { Endpoint } from '../model/index.js';
import type { IdentityHandle } from './issued-identity.js';
import type { Order, OrderResult } from './local-protocol.js';
import type { PlaneLink } from './plane-link.js';
import type { WorkloadRecord } from './workload-record.js';

export interface WorkloadEntry {
  record: WorkloadRecord;
  link: PlaneLink;
  identity: IdentityHandle | undefined;
  readonly api: IdentityApi;
  published: Endpoint | undefined;
  readonly followers: Set<(order: Order) => void>;
  readonly waiting: Map<string, (result: OrderResult) => void>;
  respawning: boolean;
  /** Looks in a row at which it had no process, and nobody to start one. */
  abandoned: number;
}

export type WorkloadEntries = ReadonlyMap<string, WorkloadEntry>;

/** The Workload API socket of one workload. */
export interface IdentityApi {
  close(): Promise<void>;
  /** Tells those who watch that there is another identity document. */
  changed(): void;
}
