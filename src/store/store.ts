/** The store as others see it: repositories by aggregate, the bus, transactions over all of them. */
import type { Clock, Logger } from '../base/index.js';
import type { AuditTrail } from './audit/audit-trail.js';
import type { Bus, BusSettings, Publisher } from './bus/bus.js';
import type { SchemaCheck } from './database/check.js';
import type { Connection } from './cluster/connection.js';
import type { ClusterHealth } from './cluster/handshake.js';
import type { AccountRepository } from './repositories/accounts.js';
import type { ActionRepository } from './repositories/actions.js';
import type { ChangeRepository } from './repositories/changes.js';
import type { ContractRepository } from './repositories/contracts.js';
import type { CredentialRepository } from './repositories/credentials.js';
import type { EvidenceRepository } from './repositories/evidence.js';
import type { GlassRepository } from './repositories/glass.js';
import type { HostRepository } from './repositories/hosts.js';
import type { IncidentRepository } from './repositories/incidents.js';
import type { ObservationRepository } from './repositories/observations.js';
import type { PeopleRepository } from './repositories/people.js';
import type { PolicyRepository } from './repositories/policies.js';
import type { RolloutRepository } from './repositories/rollouts.js';
import type { RetentionRepository } from './repositories/retention.js';
import type { ServiceRepository } from './repositories/services.js';
import type { SettingRepository } from './repositories/settings.js';
import type { SignalRepository } from './repositories/signals.js';
import type { WorkloadRepository } from './repositories/workloads.js';

export interface Repositories {
  readonly contracts: ContractRepository;
  readonly workloads: WorkloadRepository;
  readonly services: ServiceRepository;
  readonly hosts: HostRepository;
  readonly observations: ObservationRepository;
  readonly signals: SignalRepository;
  readonly incidents: IncidentRepository;
  readonly actions: ActionRepository;
  readonly evidence: EvidenceRepository;
  readonly glass: GlassRepository;
  readonly policies: PolicyRepository;
  readonly rollouts: RolloutRepository;
  readonly accounts: AccountRepository;
  readonly people: PeopleRepository;
  readonly credentials: CredentialRepository;
  readonly settings: SettingRepository;
  readonly audit: AuditTrail;
  readonly changes: ChangeRepository;
  readonly retention: RetentionRepository;
  readonly bus: Publisher;
}

export interface Store extends Repositories {
  readonly bus: Bus;
  /** Number of the newest migration. */
  readonly schema: number;
  /** The same repositories in one transaction: all of it commits, or nothing does. */
  transaction<T>(work: (tx: Repositories) => Promise<T>): Promise<T>;
  health(): Promise<ClusterHealth>;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly clock: Clock;
  readonly log?: Logger;
  readonly poolSize?: number;
  readonly bus?: BusSettings;
  /** Source of secrets (tokens, links, cookies); at least 256 bits as text for a URL. */
  readonly secret?: () => string;
}

/**
 * Connects, brings the schema up to date and returns the store.
 *
 * @throws StoreError `unreachable`, `version-too-old`, `schema-newer`.
 */
export async function openStore(connection: Connection, options: StoreOptions): Promise<Store> {
  const { openDatabase } = await import('./database/open.js');
  return openDatabase(connection, options);
}

/** What this program would change in the schema: tried in a transaction that is taken back. @throws as `openStore` */
export async function checkSchema(connection: Connection): Promise<SchemaCheck> {
  return (await import('./database/check.js')).checkSchema(connection);
}
