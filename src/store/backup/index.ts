/** What backups are made of, without loading the driver before it is needed. */
import type { Connection } from '../cluster/connection.js';
import type { Loader, Snapshot } from './database.js';

export { type ArchiveWriter, type BackupPart, partName, pathOfPart, readArchive, writeArchive } from './archive.js';
export type { Loader, Snapshot } from './database.js';
export { makeRecoveryKey, readRecipient, readRecoverySecret, type RecoveryKey } from './recovery-key.js';
export { type BackupFacts, openSealed, type SealedReader, type SealedWriter, sealTo } from './sealed.js';

export async function inSnapshot<T>(connection: Connection, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return (await import('./database.js')).inSnapshot(connection, work);
}

export async function intoEmpty<T>(
  connection: Connection,
  schema: number,
  work: (loader: Loader) => Promise<T>,
): Promise<T> {
  return (await import('./database.js')).intoEmpty(connection, schema, work);
}
