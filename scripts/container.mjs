/** `node scripts/container.mjs FOLDER`: what `docker build` needs, from what is built and installed here; nothing is fetched. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const account = 'tricordon';
/** Stands in `deploy/container/Dockerfile` too. */
const id = 64200;
const root = resolve(import.meta.dirname, '..');

/** Into an empty or new folder: `Dockerfile`, `etc/` (its account), `data/` (the mount point) and `program/` with the packages it is installed with. */
export function containerContext(folder) {
  if (!existsSync(join(root, 'dist/cli'))) throw new Error('nothing is built: npm run build');
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  const program = join(folder, 'program');
  mkdirSync(join(folder, 'data'), { recursive: true });
  mkdirSync(join(folder, 'etc'));
  writeFileSync(
    join(folder, 'etc/passwd'),
    `root:x:0:0::/:/bin/false\n${account}:x:${id}:${id}::/var/lib/tricordon:/bin/false\n`,
  );
  writeFileSync(join(folder, 'etc/group'), `root:x:0:\n${account}:x:${id}:\n`);
  const { version, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const path of ['package.json', ...files]) cpSync(join(root, path), join(program, path), { recursive: true });
  cpSync(join(root, 'deploy/container/Dockerfile'), join(folder, 'Dockerfile'));
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const [path, { dev, optional }] of Object.entries(packages)) {
    if (!path.startsWith('node_modules/') || dev === true) continue;
    const from = join(root, path);
    if (!existsSync(from)) {
      if (optional === true) continue; // of another machine, or not wanted
      throw new Error(`${path} is not installed: npm ci`);
    }
    mkdirSync(dirname(join(program, path)), { recursive: true });
    // What lies in a package's own node_modules has an entry, and a turn, of its own.
    cpSync(from, join(program, path), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !source.slice(from.length).includes('/node_modules'),
    });
  }
  return { version };
}

if (process.argv[1] === import.meta.filename) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    console.error('which folder? node scripts/container.mjs FOLDER');
    process.exit(1);
  }
  try {
    const { version } = containerContext(resolve(folder));
    console.log(`docker build --build-arg VERSION=${version} -t tricordon:${version} ${folder}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
