import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'vite';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
/** A script of the build, without types of its own. */
const { sbom, writeSbom } = (await import(pathToFileURL(join(root, 'scripts/sbom.mjs')).href)) as {
  sbom(root: string, now: number): Bom;
  writeSbom(root: string, folder: string, environment: Readonly<Record<string, string>>): void;
};
const lock = (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock).packages;
const document = sbom(root, 0);
const byRef = new Map(document.components.map((component) => [component['bom-ref'], component]));

interface Lock {
  readonly packages: Readonly<
    Record<string, { version?: string; dev?: boolean; license?: string; integrity?: string; optional?: boolean }>
  >;
}

interface Bom {
  readonly serialNumber: string;
  readonly metadata: { readonly component: { readonly 'bom-ref': string; readonly version: string } };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly scope: string;
    readonly hashes: readonly { readonly alg: string; readonly content: string }[];
    readonly licenses: readonly { readonly license: { readonly id: string } }[];
    readonly properties?: readonly { readonly name: string; readonly value: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const fullName = ({ group, name }: { readonly group?: string; readonly name: string }) =>
  group === undefined ? name : `${group}/${name}`;
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('the bill lists every package that is installed with ours, with the hash and licence of the lock file', () => {
  const installed = Object.entries(lock).filter(([path, { dev }]) => path !== '' && dev !== true);
  expect(installed.length).toBeGreaterThan(50);
  for (const [path, { version, integrity, license, optional }] of installed) {
    const found = document.components.find((each) => fullName(each) === nameOf(path) && each.version === version);
    const hash = Buffer.from((integrity ?? '').replace('sha512-', ''), 'base64').toString('hex');
    expect(found, path).toMatchObject({
      hashes: [{ alg: 'SHA-512', content: hash }],
      licenses: [{ license: { id: license } }],
      scope: optional === true ? 'optional' : 'required',
    });
    expect(hash).toHaveLength(128);
  }
});

test('what a build of the console takes in is marked as bundled, and nothing else is', async () => {
  const taken = new Set<string>();
  const watch: Plugin = {
    name: 'what-is-taken',
    generateBundle: (_options, bundle) => {
      for (const chunk of Object.values(bundle))
        for (const id of chunk.type === 'chunk' ? chunk.moduleIds : [])
          if (id.includes('/node_modules/')) taken.add(/^(@[^/]+\/)?[^/]+/.exec(nameOf(id))?.[0] ?? id);
    },
  };
  await build({
    root: join(root, 'ui'),
    configFile: join(root, 'ui/vite.config.ts'),
    logLevel: 'error',
    plugins: [watch],
    build: { write: false, minify: false },
  });
  const bundled = document.components.filter(({ properties }) =>
    properties?.some(({ name, value }) => name === 'cdx:npm:package:bundled' && value === 'true'),
  );
  const names = new Set(bundled.map(fullName));
  expect(taken.has('react')).toBe(true);
  expect([...taken].filter((name) => !names.has(name))).toEqual([]);
  // One that was built into another before it came to us shows only as what that one needs.
  const within = document.dependencies
    .filter(({ ref }) => [...taken].includes(fullName(byRef.get(ref) ?? { name: '' })))
    .flatMap(({ dependsOn }) => dependsOn)
    .map((ref) => fullName(byRef.get(ref) ?? { name: '' }));
  expect([...names].filter((name) => !taken.has(name) && !within.includes(name))).toEqual([]);
});

test('every reference in the graph leads to a component, and every component is reached from ours', () => {
  const own = document.metadata.component['bom-ref'];
  const needs = new Map(document.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  expect([...needs.keys()].toSorted()).toEqual([own, ...byRef.keys()].toSorted());
  const reached = new Set<string>();
  const visit = (ref: string) => {
    if (reached.has(ref)) return;
    reached.add(ref);
    expect(needs.has(ref), ref).toBe(true);
    for (const next of needs.get(ref) ?? []) visit(next);
  };
  visit(own);
  expect([...byRef.keys()].filter((ref) => !reached.has(ref))).toEqual([]);
});

test('the same source at the same time gives the same document, another time another serial number', () => {
  expect(sbom(root, 0)).toEqual(document);
  expect(document.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(sbom(root, 1).serialNumber).not.toBe(document.serialNumber);
});

test('a build writes it into the folder that the package ships', () => {
  const { files, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    files: string[];
    version: string;
  };
  expect(files).toContain('dist');
  const folder = mkdtempSync(join(tmpdir(), 'sbom-'));
  try {
    writeSbom(root, folder, { SOURCE_DATE_EPOCH: '1700000000' });
    const written = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as Bom;
    expect(written).toEqual(sbom(root, 1_700_000_000_000));
    expect(written.metadata.component.version).toBe(version);
    for (const wrong of ['', 'yesterday', '-1', '1.5'])
      expect(() => writeSbom(root, folder, { SOURCE_DATE_EPOCH: wrong })).toThrow(/seconds since 1970/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
