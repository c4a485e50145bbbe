/** First words with a server: is it there, and does our database exist. Loads the driver only when called. */
import { codeOf, messageOf } from '../../base/index.js';
import { StoreError } from '../store-error.js';
import { DATABASE, ROLE } from './connection.js';
/** One round trip on a connection of its own, at most `timeoutMs`. Never throws. */
export async function clusterHealth(connection, timeoutMs = 5_000) {
    try {
        const started = performance.now();
        await ask(connection, 'select 1', timeoutMs);
        return { ok: true, detail: `answered in ${(performance.now() - started).toFixed(1)} ms` };
    }
    catch (error) {
        return { ok: false, detail: messageOf(error) };
    }
}
export async function isAnswering(postmaster) {
    const { socketDirectory: directory, port } = postmaster;
    try {
        await ask({ kind: 'socket', directory, port, database: 'postgres', user: ROLE }, 'select 1', 10_000);
        return true;
    }
    catch (error) {
        // 57P03: starting up or shutting down; anything else a wrong socket or a server that is ending.
        if (codeOf(error) === '28000')
            throw new StoreError('not-owner', messageOf(error), { cause: error });
        return false;
    }
}
export async function createDatabase(connection) {
    if (connection.kind === 'url')
        return;
    const maintenance = { ...connection, database: 'postgres' };
    try {
        const found = await ask(maintenance, `select 1 from pg_database where datname = '${DATABASE}'`, 30_000);
        if (found === 0)
            await ask(maintenance, `create database ${DATABASE}`, 60_000);
    }
    catch (error) {
        if (['42P04', '23505'].includes(codeOf(error) ?? ''))
            return; // another starter made it
        throw new StoreError('start-failed', 'the database could not be made', { cause: error });
    }
}
/** The settings of the driver for a connection. */
export function driverSettings(connection) {
    if (connection.kind === 'url')
        return { connectionString: connection.url };
    const { directory: host, port, database, user } = connection;
    return { host, port, database, user };
}
async function ask(connection, text, timeoutMs) {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
        ...driverSettings(connection),
        application_name: 'tricordon',
        connectionTimeoutMillis: timeoutMs,
        query_timeout: timeoutMs,
    });
    client.on('error', () => { }); // the query's own promise tells
    try {
        await client.connect();
        return (await client.query(text)).rowCount ?? 0;
    }
    finally {
        await client.end().catch(() => { });
    }
}
