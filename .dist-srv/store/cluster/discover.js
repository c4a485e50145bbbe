/** Which PostgreSQL to use: the operator's URL, else system binaries, else those shipped through npm. */
import { readFile } from 'node:fs/promises';
import { codeOf, exec, postgresFolders } from '../../base/index.js';
import { StoreError } from '../store-error.js';
import { copyBundled, findBundled } from './bundled.js';
import { clusterDirectory } from './connection.js';
export const OLDEST_MAJOR = 14;
/**
 * @throws StoreError `no-binaries` when there is no server at all, `version-mismatch` when the existing cluster was made by
 * a major version that is not here, `not-a-directory` when its place is taken by something else.
 */
export async function discoverCluster(options) {
    if (options.databaseUrl !== undefined) {
        return { kind: 'external', connection: { kind: 'url', url: options.databaseUrl } };
    }
    const existing = await existingMajor(options.dataDir);
    const seen = [];
    for await (const plan of candidates(options)) {
        if (existing === undefined || existing === plan.major)
            return plan;
        seen.push(plan.version);
    }
    if (existing !== undefined && seen.length > 0) {
        throw new StoreError('version-mismatch', `the data in \`${clusterDirectory(options.dataDir)}\` was made by PostgreSQL ${existing}, here are ${seen.join(', ')}`, { hint: `install PostgreSQL ${existing} (apt-get install postgresql-${existing}) or set database.url` });
    }
    throw new StoreError('no-binaries', `no PostgreSQL ${OLDEST_MAJOR} or newer found`, {
        hint: 'apt-get install postgresql, or reinstall with optional packages (npm ci), or set database.url',
    });
}
async function* candidates(options) {
    if (options.only !== 'bundled') {
        for (const binaries of options.folders ?? postgresFolders()) {
            const version = await versionOf(`${binaries}/postgres`);
            const major = Number.parseInt(version ?? '', 10);
            if (version !== undefined && major >= OLDEST_MAJOR)
                yield { kind: 'system', binaries, major, version };
        }
    }
    if (options.only === 'system')
        return;
    const tree = await findBundled();
    if (tree === undefined)
        return;
    const binaries = await copyBundled(tree, options.dataDir);
    const version = await versionOf(`${binaries}/postgres`);
    if (version === undefined) {
        options.log.warn({ binaries }, 'the bundled PostgreSQL does not run on this host');
        return;
    }
    yield { kind: 'bundled', binaries, major: Number.parseInt(version, 10), version };
}
async function versionOf(postgres) {
    const done = await exec(postgres, ['--version'], { timeoutMs: 30_000 });
    return /PostgreSQL\) (\d+(\.\d+)*)/.exec(done.stdout)?.[1];
}
async function existingMajor(dataDir) {
    try {
        return Number.parseInt(await readFile(`${clusterDirectory(dataDir)}/PG_VERSION`, 'utf8'), 10);
    }
    catch (error) {
        if (codeOf(error) === 'ENOENT')
            return undefined;
        if (codeOf(error) === 'ENOTDIR') {
            throw new StoreError('not-a-directory', `\`${clusterDirectory(dataDir)}\` is not a directory`, {
                cause: error,
                hint: 'choose another data directory with --data-dir',
            });
        }
        throw new StoreError('not-owner', `cannot read \`${clusterDirectory(dataDir)}\``, {
            cause: error,
            hint: 'run as the account that made this data directory, or choose another with --data-dir',
        });
    }
}
/** @throws StoreError `version-too-old`; `number` is the server's `server_version_num`, like 150018. */
export function checkServerVersion(number) {
    const major = Math.floor(number / 10_000);
    if (major >= OLDEST_MAJOR)
        return;
    throw new StoreError('version-too-old', `the server is PostgreSQL ${major}, needed is ${OLDEST_MAJOR} or newer`, {
        hint: 'point database.url at a newer server, or leave it out for a private cluster',
    });
}
