import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

/** Who may import whom. A new edge is a diff in this table, with a reason. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  store: ['base', 'model'],
  identity: ['base', 'model'],
  contract: ['base', 'model'],
  traffic: ['base', 'model', 'contract', 'identity'], // decides by contract; checks SVIDs
  sensor: ['base', 'model'],
  detect: ['base', 'model', 'contract'], // a deviation is a contract's answer
  respond: ['base', 'model'],
  server: ['base', 'model', 'store', 'identity', 'contract', 'detect', 'respond'],
  agent: ['base', 'model', 'store', 'identity', 'contract', 'traffic', 'sensor', 'respond'], // store: the spool
  cli: ['base', 'model', 'store', 'identity', 'contract', 'traffic', 'sensor', 'detect', 'respond', 'server', 'agent'],
};

/** Packages that only these modules may load. */
const packages: Readonly<Record<string, readonly string[]>> = {
  pg: ['store'],
  kysely: ['store'],
  fastify: ['server'],
  pino: ['base'],
  koffi: ['base', 'traffic', 'sensor', 'agent'],
  commander: ['cli'],
};

const files = walk('src').filter((file) => file.endsWith('.ts'));

test('modules import only what the table allows, and only through the index', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const from = moduleOf(file);
    for (const specifier of imports(file)) {
      if (!specifier.startsWith('.')) {
        const owners = packages[specifier.split('/')[0] ?? ''];
        if (owners !== undefined && !owners.includes(from)) wrong.push(`${file} loads ${specifier}`);
        continue;
      }
      const target = relative('.', join(file, '..', specifier));
      const to = moduleOf(target);
      if (to === from || !target.startsWith('src/')) continue;
      if (!(allowed[from] ?? []).includes(to)) wrong.push(`${file} imports ${to}`);
      if (!target.endsWith(`src/${to}/index.js`)) wrong.push(`${file} enters ${to} beside its index (${specifier})`);
    }
  }
  expect(wrong).toEqual([]);
});

test('no file is loaded in order to load itself', () => {
  const graph = new Map(files.map((file) => [file, loads(file)]));
  const done = new Set<string>();
  const circles: string[] = [];
  for (const file of files) visit(file, []);
  expect(graph.get('src/agent/main.ts')).toContain('src/agent/workloads.ts');
  expect(circles).toEqual([]);

  function visit(file: string, path: readonly string[]): void {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (path.includes(file) || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  }
});

test('time, environment and child processes are touched in base alone', () => {
  const wrong: string[] = [];
  for (const file of files) {
    if (moduleOf(file) === 'base' || file.endsWith('.test.ts')) continue;
    const text = readFileSync(file, 'utf8');
    if (/\bprocess\.env\b/.test(text)) wrong.push(`${file} reads process.env`);
    if (/\bDate\.now\(/.test(text)) wrong.push(`${file} calls Date.now`);
    if (/^import (?!type )[^;]*from 'node:child_process'/m.test(text)) wrong.push(`${file} imports child_process`);
  }
  expect(wrong).toEqual([]);
});

test('every module has an index and a README', () => {
  const missing = Object.keys(allowed).flatMap((name) =>
    ['index.ts', 'README.md']
      .filter((file) => name !== 'cli' || file !== 'index.ts')
      .filter((file) => !exists(join('src', name, file)))
      .map((file) => `src/${name}/${file}`),
  );
  expect(missing).toEqual([]);
});

function imports(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** Files of ours that must run before this one: neither types nor what is loaded later. */
function loads(file: string): string[] {
  const pattern = /^(?:import|export) (?!type )(?:\{[^}]*\}|\*(?: as \w+)?|\w+) from '(\.[^']+)'/gm;
  return [...readFileSync(file, 'utf8').matchAll(pattern)].map((match) =>
    join(file, '..', match[1] ?? '').replace(/\.js$/, '.ts'),
  );
}

function moduleOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

function exists(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
