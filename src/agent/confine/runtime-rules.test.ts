import { expect, test } from 'vitest';
import { compileContract } from '../../contract/index.js';
import type { Contract, ContractVersion } from '../../model/index.js';
import type { FileView } from './file-view.js';
import { rights } from './landlock.js';
import { runtimeRules } from './runtime-rules.js';

/** A tree in memory: files by path, folders by the files beneath them. */
function tree(files: readonly string[], more: Partial<FileView> & { readonly writableBelow?: string } = {}): FileView {
  const folders = new Map<string, Set<string>>([['/', new Set()]]);
  for (const file of files) {
    const parts = file.slice(1).split('/');
    let at = '';
    for (const part of parts) {
      const folder = at === '' ? '/' : at;
      folders.set(folder, (folders.get(folder) ?? new Set()).add(part));
      at = `${at}/${part}`;
    }
  }
  const known = new Set(files);
  return {
    kind: (path) => (folders.has(path) ? 'folder' : known.has(path) ? 'file' : undefined),
    names: (folder, limit) => {
      const names = folders.get(folder);
      return names === undefined ? undefined : [...names].slice(0, limit + 1);
    },
    real: (path) => path,
    writable: (folder) => more.writableBelow !== undefined && `${folder}/`.startsWith(`${more.writableBelow}/`),
    interpreter: () => undefined,
    ...more,
  };
}

type Runtime = NonNullable<Contract['runtime']>;
function contract(runtime: Runtime, deny?: Contract['deny']): Contract {
  return {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'x',
    mode: { runtime: 'enforce', network: 'audit', api: 'audit' },
    runtime,
    ...(deny === undefined ? {} : { deny }),
  };
}
const version = (of: Contract): ContractVersion => ({
  service: 'x',
  version: 1,
  digest: 'd',
  state: 'approved',
  contract: of,
  origin: 'declared',
  observed: 0,
  proposedBy: 'a',
  proposedAt: 0,
  decidedBy: null,
  decidedAt: null,
  reason: null,
  clean: {},
});
const read = (path: string, id = 'r') => ({ id, path, access: 'read' as const });
const write = (path: string, id = 'w') => ({ id, path, access: 'write' as const });
const run = (path: string, more: { readonly from?: string } = {}) => ({ id: 'p', path, ...more });

/** Whether the kernel would let it through: the rights of the place itself and of every folder above, together. */
function allows(rules: ReturnType<typeof runtimeRules>, path: string, wanted: number): boolean {
  const needed = wanted & rules.handled;
  let has = 0;
  for (const { path: at, rights: what } of rules.grants)
    if (at === path || path.startsWith(at === '/' ? '/' : `${at}/`)) has |= what;
  return (needed & ~has) === 0;
}
const start = rights.execute | rights.readFile;
const change = rights.writeFile | rights.truncate;

test('a listed program may be started through its loader, and no other', () => {
  const view = tree(['/usr/bin/node', '/bin/sh', '/lib64/ld.so', '/srv/tool', '/usr/bin/env'], {
    interpreter: (path) =>
      ({
        '/usr/bin/node': '/lib64/ld.so',
        '/bin/sh': '/lib64/ld.so',
        '/srv/tool': '/usr/bin/env',
        '/usr/bin/env': '/lib64/ld.so',
      })[path],
  });
  const rules = runtimeRules(contract({ executables: [run('/usr/bin/node'), run('/srv/tool')], files: [] }), 7, view);
  for (const path of ['/usr/bin/node', '/lib64/ld.so', '/srv/tool', '/usr/bin/env'])
    expect([path, allows(rules, path, start)]).toEqual([path, true]);
  expect(allows(rules, '/bin/sh', rights.execute)).toBe(false);
  // `ld.so /bin/sh` reads the shell.
  expect(allows(rules, '/bin/sh', rights.readFile)).toBe(false);
  expect(rules.gaps).toEqual([]);
});

test('what the contract allows the kernel allows, and what it denies is denied or named as a gap', () => {
  const paths: string[] = [];
  for (const folder of ['/srv/a', '/srv/a/b', '/srv/c', '/etc', '/data', '/data/deep'])
    for (const name of ['one', 'two', '3.json', '4.json']) paths.push(`${folder}/${name}`);
  const view = tree(paths, { writableBelow: '/data' });
  const patterns = [
    '/srv/a/one',
    '/srv/a/*',
    '/srv/**',
    '/srv/*/3.json',
    '/etc/*.json',
    '/data/deep/**',
    '/data/one',
    '/srv/**/two',
  ];
  const denied = ['/srv/a/b/one', '/etc/**', '/srv/*/4.json', '/data/two'];
  let cases = 0;
  for (const first of patterns) {
    for (const second of patterns) {
      for (const deny of [undefined, ...denied]) {
        const files = [read(first, 'one'), write(second, 'two')];
        const given = contract(
          { files },
          deny === undefined ? undefined : [{ id: 'no', layer: 'runtime', file: deny }],
        );
        const rules = runtimeRules(given, 7, view);
        const { decideFile } = compileContract(version(given));
        for (const path of paths) {
          for (const [access, wanted] of [
            ['read', rights.readFile],
            ['write', change],
          ] as const) {
            const allowed = decideFile({ path, access }).effect === 'allow';
            const passes = allows(rules, path, wanted);
            cases += 1;
            const what = `${access} ${path} under read ${first}, write ${second}, deny ${deny}`;
            if (allowed && !passes) expect(what).toBe('allowed by the kernel as well');
            // Leave to write a file brings leave to read it; the rest that is looser is said.
            const also = access === 'read' && decideFile({ path, access: 'write' }).effect === 'allow';
            if (!allowed && passes && !also && rules.gaps.length === 0) expect(what).toBe('refused, or named as a gap');
          }
        }
      }
    }
  }
  expect(cases).toBeGreaterThan(10_000);
});

test('a file in a folder that the command can change is held with its folder, and that is said', () => {
  const view = tree(['/data/a', '/data/b', '/dev/tty'], { writableBelow: '/data' });
  const rules = runtimeRules(contract({ files: [write('/data/a'), write('/dev/tty', 't')] }), 7, view);
  expect(allows(rules, '/data/new', change | rights.makeReg)).toBe(true);
  expect(allows(rules, '/dev/tty', change)).toBe(true);
  expect(allows(rules, '/dev/other', rights.writeFile)).toBe(false);
  expect(rules.gaps.map(({ what }) => what)).toEqual([
    'in a folder in which a listed file is written, every file may be written, read and removed (/data)',
  ]);
});

test('a deny beneath an allowed folder is cut out by granting its neighbours', () => {
  const view = tree(['/srv/a/x', '/srv/a/secrets/key', '/srv/a/secrets/note', '/srv/b']);
  const rules = runtimeRules(
    contract({ files: [read('/srv/**')] }, [{ id: 'no', layer: 'runtime', file: '/srv/a/secrets/key' }]),
    7,
    view,
  );
  expect(allows(rules, '/srv/a/secrets/key', rights.readFile)).toBe(false);
  for (const path of ['/srv/a/x', '/srv/a/secrets/note', '/srv/b'])
    expect(allows(rules, path, rights.readFile)).toBe(true);
  expect(rules.gaps).toEqual([]);
});

test('what the kernel cannot hold is a gap in plain words', () => {
  const view = tree(['/usr/bin/gpg', '/srv/a/b/c']);
  const said = (given: Contract, kernel = 7) =>
    runtimeRules(given, kernel, view)
      .gaps.map(({ what }) => what)
      .join('\n');
  expect(said(contract({ executables: [run('/usr/bin/gpg', { from: '/usr/bin/node' })], files: [] }))).toContain(
    '`from`',
  );
  expect(said(contract({ executables: [run('/usr/bin/gpg')] }))).toContain('dynamic loader');
  expect(said(contract({ files: [read('/srv/**/c')] }))).toContain('`**` in its middle');
  expect(said(contract({ files: [read('/nowhere')] }))).toContain('not there when the command started');
  expect(said(contract({ files: [] }), 1)).toContain('every move of a file');
  expect(said(contract({ files: [] }, [{ id: 'no', layer: 'runtime', executable: '/bin/sh' }]))).toContain(
    'a deny without a list',
  );
});

test('a section that is absent is not restricted', () => {
  const rules = runtimeRules(contract({ executables: [] }), 7, tree([]));
  expect(rules.handled).toBe(rights.execute | rights.refer);
  expect(allows(rules, '/anything', change | rights.refer)).toBe(true);
  expect(allows(rules, '/bin/sh', rights.execute)).toBe(false);
});

test('a hundred thousand clauses, most of them about nothing, are taken in', () => {
  const files = Array.from({ length: 100_000 }, (_, index) =>
    read(`/srv/${index % 7}/../../x${index}\u0000\n*`, `r${index}`),
  );
  const denies = Array.from({ length: 2_000 }, (_, index) => ({
    id: `d${index}`,
    layer: 'runtime' as const,
    file: `/srv/d${index}`,
  }));
  const rules = runtimeRules(contract({ files }, denies), 7, tree(['/srv/a']));
  expect(rules.grants.map(({ path }) => path)).toEqual(['/proc']);
  expect(rules.gaps).toHaveLength(1);
});
