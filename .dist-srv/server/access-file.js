/** The CLI's own token: left once, mode 0600, for whoever started us; kept over restarts while it is good. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { codeOf } from '../base/index.js';
const AccessFile = z.strictObject({ schemaVersion: z.literal(1), url: z.string(), token: z.string(), ca: z.string() });
/** The account that the CLI's token speaks for: whoever may read the file, on this host. */
export const localOperator = 'local operator';
export async function leaveAccess(context) {
    const { accessFile: path } = context.config;
    if (path === null)
        return;
    const kept = await read(path);
    const ca = context.authority.bundle().join('');
    const known = kept === undefined ? undefined : await context.store.accounts.token(kept.token);
    const token = kept !== undefined && known !== undefined ? kept.token : await newToken(context);
    const text = JSON.stringify({ schemaVersion: 1, url: context.addresses.consoleUrl, token, ca });
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
}
function newToken({ store }) {
    return store.transaction(async ({ accounts }) => {
        await accounts.ensure(localOperator, 'program', 'control plane');
        const scopes = ['read', 'operate', 'approve', 'admin'];
        return accounts.createToken({ name: 'cli', account: localOperator, scopes, ttlMs: null }, 'control plane');
    });
}
async function read(path) {
    try {
        return AccessFile.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
    }
    catch (error) {
        if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError)
            return undefined;
        throw error;
    }
}
