import { TricordonError } from '../base/index.js';

/** Closed list; each code is raised by one kind of failure and has a test. */
export const storeErrorCodes = [
  'no-binaries',
  'not-owner',
  'not-a-directory',
  'no-account',
  'unreachable-directory',
  'socket-path-too-long',
  'version-mismatch',
  'version-too-old',
  'initdb-failed',
  'start-failed',
  'disk-full',
  'locked',
  'unreachable',
  'schema-newer',
  'conflict',
  'not-found',
  'malformed',
  'tampered',
  'query-failed',
  'spool-full',
  'spool-io',
  'spool-closed',
  'spool-key',
  'recovery-key',
  'no-backup',
  'not-empty',
] as const;
export type StoreErrorCode = (typeof storeErrorCodes)[number];

/** Everything this module raises. */
export class StoreError extends TricordonError<StoreErrorCode> {
  override readonly name = 'StoreError';
}
