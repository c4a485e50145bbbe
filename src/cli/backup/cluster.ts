/** The database of an installation, whether its house runs or not. */
import { chmodSync, mkdirSync } from 'node:fs';
import { type Accounts, ensureAccounts } from '../../agent/index.js';
import { type Account, logger, systemClock } from '../../base/index.js';
import { type Connection, discoverCluster, startCluster } from '../../store/index.js';

export interface DatabasePlace {
  readonly dataDir: string;
  readonly runtimeDir: string;
  /** `database.url`: a server of the operator's. */
  readonly url: string | undefined;
}

/** As root: whom control plane and PostgreSQL run as. */
export async function controlAccount(dataDir: string): Promise<Account | undefined> {
  return (await accountsOf(dataDir))?.control;
}

/** Undefined as an ordinary user, whose everything is. */
export async function accountsOf(dataDir: string): Promise<Accounts | undefined> {
  return process.getuid?.() === 0 ? ensureAccounts(dataDir) : undefined;
}

/** Attaches to the server of this directory, or starts it as long as `work` takes. */
export async function withDatabase<T>(place: DatabasePlace, work: (connection: Connection) => Promise<T>): Promise<T> {
  const { dataDir, runtimeDir, url } = place;
  const account = await controlAccount(dataDir);
  mkdirSync(runtimeDir, { recursive: true, mode: 0o711 });
  if (account !== undefined) chmodSync(runtimeDir, 0o711);
  const options = {
    dataDir,
    runtimeDir,
    clock: systemClock,
    log: logger('backup', 'warn'),
    ...(url === undefined ? {} : { databaseUrl: url }),
    ...(account === undefined ? {} : { account }),
  };
  const cluster = await startCluster(await discoverCluster(options), options);
  try {
    return await work(cluster.connection);
  } finally {
    if (!cluster.attach) await cluster.stop();
  }
}
