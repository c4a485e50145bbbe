// Importing this loads neither driver nor query builder: `openStore`, `startCluster` and `clusterHealth` load them when called.
export { type AuditEntry, type AuditHead, type AuditRecord, type AuditVerdict, chainWalker } from './audit/chain.js';
export { type AuditCheckpoint, auditCheckpoint, type CheckpointSigner } from './audit/checkpoint.js';
export type { AuditTrail } from './audit/audit-trail.js';
export {
  type AuditExportVerdict,
  auditExportLine,
  type AuditExportHead,
  verifyAuditExport,
} from './audit/export-file.js';
export type { AuditFilter } from './audit/search.js';
export {
  type ArchiveWriter,
  type BackupFacts,
  type BackupPart,
  inSnapshot,
  intoEmpty,
  type Loader,
  makeRecoveryKey,
  openSealed,
  partName,
  pathOfPart,
  readArchive,
  readRecipient,
  readRecoverySecret,
  type RecoveryKey,
  type SealedReader,
  type SealedWriter,
  sealTo,
  type Snapshot,
  writeArchive,
} from './backup/index.js';
export type { Batch, Bus, BusSettings, ConsumeOptions, DeadLetter, Handler, Publisher } from './bus/bus.js';
export { fakeBus } from './bus/fake-bus.js';
export type { Account as ServerAccount, ClusterOptions, Connection } from './cluster/connection.js';
export { type ClusterPlan, discoverCluster } from './cluster/discover.js';
export { type ClusterHealth, clusterHealth } from './cluster/handshake.js';
export { type RunningCluster, startCluster, stopCluster } from './cluster/private-cluster.js';
export { canonicalJson } from './canonical-json.js';
export type { SchemaCheck } from './database/check.js';
export { holdLock, type ProcessLock } from './process-lock.js';
export type { Account, AccountRepository, FoundSession, OpenSession, Session } from './repositories/accounts.js';
export type { ActionRepository } from './repositories/actions.js';
export type { ChangeRepository, RecordedChange } from './repositories/changes.js';
export type { ContractDraft, ContractRepository, Decided } from './repositories/contracts.js';
export type { CredentialRepository, Credentials } from './repositories/credentials.js';
export type { EvidenceRecord, EvidenceRepository, KeptEvidence } from './repositories/evidence.js';
export type { KeptRollout } from './repositories/rollouts.js';
export type { HostRecord, HostReport, HostRepository } from './repositories/hosts.js';
export type { IncidentRepository } from './repositories/incidents.js';
export type { ObservationFilter, ObservationPage, ObservationRepository } from './repositories/observations.js';
export type { PeopleRepository, Person } from './repositories/people.js';
export type { Drop, RetentionRepository, Usage } from './repositories/retention.js';
export type { ServiceRecord, ServiceRepository } from './repositories/services.js';
export type { SettingRepository } from './repositories/settings.js';
export type { SignalRepository } from './repositories/signals.js';
export type { Token } from './repositories/tokens.js';
export type { WorkloadRepository } from './repositories/workloads.js';
export { type Kind, kindOrder, type Limit } from './retention/order.js';
export { csrfToken, isCsrfToken } from './session-proof.js';
export { type ShippingCursor, shippingCursor } from './spool/cursor.js';
export { holdsTogether, SpoolInventory, spoolInventory } from './spool/inventory.js';
export type { HeldPins, SpoolPin } from './spool/pins.js';
export { pinDirectory } from './spool/retention.js';
export { readSpool, type SpoolFilter, type SpoolItem } from './spool/reader.js';
export type { ReadableSpool, SpoolKeys } from './spool/ring.js';
export { openSpool, type SpoolOptions, type SpoolStats, type SpoolWriter } from './spool/writer.js';
export { checkSchema, openStore, type Repositories, type Store, type StoreOptions } from './store.js';
export { StoreError, type StoreErrorCode, storeErrorCodes } from './store-error.js';
