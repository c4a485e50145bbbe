/** The package's software bill of materials, CycloneDX 1.6: what is installed with it, and what is built into its console. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundled, dependencies, needsOf } from './dependencies.mjs';

/** `now`: milliseconds; the same source and time give the same bytes. */
export function sbom(root, now) {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const { name, version, description, license } = read('package.json');
  const { packages } = read('package-lock.json');
  const rows = [...new Map(dependencies(root).map((row) => [refOf(row), row])).values()];
  const own = refOf({ name, version });
  const direct = [
    ...needsOf(packages, ''),
    ...Object.keys(bundled).map((each) => `${each}@${packages[`node_modules/${each}`].version}`),
  ];
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: new Date(now).toISOString(),
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name: 'scripts/sbom.mjs', version }] },
      component: {
        type: 'application',
        'bom-ref': own,
        name,
        version,
        description,
        licenses: [{ license: { id: license } }],
        purl: own,
      },
    },
    components: rows.map(component),
    dependencies: [
      { ref: own, dependsOn: direct.map(refOfWords).sort() },
      ...rows.map((row) => ({ ref: refOf(row), dependsOn: row.needs.map(refOfWords).sort() })),
    ],
  };
  return { $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', serialNumber: serialOf(document), ...document };
}

/** `environment`: `SOURCE_DATE_EPOCH` stands for the time of the build (https://reproducible-builds.org/specs/source-date-epoch/). */
export function writeSbom(root, folder, environment = process.env) {
  const epoch = environment.SOURCE_DATE_EPOCH;
  if (epoch !== undefined && !/^\d{1,11}$/.test(epoch)) throw new Error('SOURCE_DATE_EPOCH takes seconds since 1970');
  const document = sbom(root, epoch === undefined ? Date.now() : Number(epoch) * 1000);
  writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(document, null, 2)}\n`);
}

function component(row) {
  const [group, name] = row.name.startsWith('@') ? row.name.split('/') : [undefined, row.name];
  return {
    type: 'library',
    'bom-ref': refOf(row),
    ...(group === undefined ? {} : { group }),
    name,
    version: row.version,
    description: row.why,
    scope: row.optional ? 'optional' : 'required',
    // Of the archive in the registry, as the lock file pins it.
    hashes: [{ alg: 'SHA-512', content: hexOf(row.integrity) }],
    // One identifier, or an SPDX expression.
    licenses: [row.licence.includes(' ') ? { expression: row.licence } : { license: { id: row.licence } }],
    purl: refOf(row),
    ...(row.by === 'bundled' ? { properties: [{ name: 'cdx:npm:package:bundled', value: 'true' }] } : {}),
  };
}

function hexOf(integrity) {
  return Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
}

/** Package URL; the scope's `@` is the only character of npm's names that it escapes. */
function refOf({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function refOfWords(words) {
  const at = words.lastIndexOf('@');
  return refOf({ name: words.slice(0, at), version: words.slice(at + 1) });
}

/** A UUID made of the content, so that a rebuild of the same thing is the same document. */
function serialOf(document) {
  const hex = createHash('sha256').update(JSON.stringify(document)).digest('hex');
  const variant = '89ab'[Number.parseInt(hex[16], 16) % 4];
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return `urn:uuid:${parts.join('-')}`;
}
