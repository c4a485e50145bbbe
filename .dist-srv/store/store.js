/**
 * Connects, brings the schema up to date and returns the store.
 *
 * @throws StoreError `unreachable`, `version-too-old`, `schema-newer`.
 */
export async function openStore(connection, options) {
    const { openDatabase } = await import('./database/open.js');
    return openDatabase(connection, options);
}
