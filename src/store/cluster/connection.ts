import type { Clock, Logger } from '../../base/index.js';

/** How to reach a database: a URL of the operator's, or the socket directory of a private cluster. */
export type Connection =
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'socket';
      readonly directory: string;
      readonly port: number;
      readonly database: string;
      readonly user: string;
    };

/** An existing unprivileged account; PostgreSQL refuses root, and initdb looks the name up in the account database. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

export interface ClusterOptions {
  readonly dataDir: string;
  readonly runtimeDir: string;
  /** `database.url`: the operator's own server; nothing is started then. */
  readonly databaseUrl?: string;
  /** Required when running as root. */
  readonly account?: Account;
  readonly clock: Clock;
  readonly log: Logger;
  /** Take binaries of this origin only. */
  readonly only?: 'system' | 'bundled';
  /** Folders with `postgres` and `initdb` to look at instead of the system's usual places. */
  readonly folders?: readonly string[];
}

/** The one role and database of a private cluster. */
export const ROLE = 'tricordon';
export const DATABASE = 'tricordon';
export const PORT = 5432;

export const clusterDirectory = (dataDir: string): string => `${dataDir}/postgres`;
export const socketDirectory = (runtimeDir: string): string => `${runtimeDir}/pg`;
