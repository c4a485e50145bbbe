/** Builds the store on a connection. Loaded only by `openStore`, so that nobody else pays for the driver. */
import { randomBytes } from 'node:crypto';
import { Kysely, sql } from 'kysely';
import pg from 'pg';
import { silent, steady } from '../../base/index.js';
import { auditTrail } from '../audit/audit-trail.js';
import { pgBus, pgPublisher } from '../bus/pg-bus.js';
import { checkServerVersion } from '../cluster/discover.js';
import type { Connection } from '../cluster/connection.js';
import { clusterHealth } from '../cluster/handshake.js';
import { accountRepository } from '../repositories/accounts.js';
import { actionRepository } from '../repositories/actions.js';
import { changeRepository } from '../repositories/changes.js';
import { contractRepository } from '../repositories/contracts.js';
import { credentialRepository } from '../repositories/credentials.js';
import { evidenceRepository } from '../repositories/evidence.js';
import { glassRepository } from '../repositories/glass.js';
import { policyRepository } from '../repositories/policies.js';
import { rolloutRepository } from '../repositories/rollouts.js';
import { hostRepository } from '../repositories/hosts.js';
import { incidentRepository } from '../repositories/incidents.js';
import { observationRepository } from '../repositories/observations.js';
import { peopleRepository } from '../repositories/people.js';
import { retentionRepository } from '../repositories/retention.js';
import type { Ground } from '../repositories/rows.js';
import { serviceRepository } from '../repositories/services.js';
import { settingRepository } from '../repositories/settings.js';
import { signalRepository } from '../repositories/signals.js';
import { workloadRepository } from '../repositories/workloads.js';
import type { Repositories, Store, StoreOptions } from '../store.js';
import { migrate } from './migrate.js';
import { clientSettings, createPool, dialect, translate } from './pool.js';
import type { Database, Tables } from './schema.js';

export async function openDatabase(connection: Connection, options: StoreOptions): Promise<Store> {
  const log = options.log ?? silent;
  const pool = createPool(connection, log, options.poolSize);
  const db = new Kysely<Tables>({ dialect: dialect(pool) });
  const secret = options.secret ?? (() => randomBytes(32).toString('base64url'));
  const ground: Ground = { db, clock: options.clock, limits: steady(options.clock), secret };
  try {
    await checkVersion(db);
    const schema = await migrate(db);
    const repositories = build(ground);
    await repositories.observations.makeDays();
    const connect = async () => {
      const client = new pg.Client(clientSettings(connection));
      client.on('error', () => {}); // the consumer listens too; before that the promise tells
      await client.connect();
      return client;
    };
    return {
      ...repositories,
      schema,
      bus: pgBus(db, { connect, log }, options.bus),
      // What the driver says is translated where it says it (`dialect`): what `work` throws arrives as it was thrown.
      transaction: (work) => db.transaction().execute((tx) => work(build({ ...ground, db: tx }))),
      health: () => clusterHealth(connection),
      close: () => db.destroy(),
    };
  } catch (error) {
    await db.destroy();
    return translate(error);
  }
}

function build(ground: Ground): Repositories {
  const auditIn = (tx: Database) => auditTrail({ ...ground, db: tx });
  return {
    contracts: contractRepository(ground, auditIn),
    workloads: workloadRepository(ground),
    services: serviceRepository(ground, auditIn),
    hosts: hostRepository(ground, auditIn),
    observations: observationRepository(ground),
    signals: signalRepository(ground),
    incidents: incidentRepository(ground),
    actions: actionRepository(ground, auditIn),
    evidence: evidenceRepository(ground, auditIn),
    glass: glassRepository(ground, auditIn),
    policies: policyRepository(ground, auditIn),
    rollouts: rolloutRepository(ground, auditIn),
    accounts: accountRepository(ground, auditIn),
    people: peopleRepository(ground, auditIn),
    credentials: credentialRepository(ground, auditIn),
    settings: settingRepository(ground),
    audit: auditIn(ground.db),
    changes: changeRepository(ground),
    retention: retentionRepository(ground),
    bus: pgPublisher(ground.db),
  };
}

async function checkVersion(db: Database): Promise<void> {
  const { rows } = await sql<{ server_version_num: string }>`show server_version_num`.execute(db);
  checkServerVersion(Number(rows[0]?.server_version_num ?? 0));
}
