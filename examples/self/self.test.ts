import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseContract } from '../../src/contract/index.js';

const here = new URL('.', import.meta.url).pathname;
const files = readdirSync(here).filter((name) => name.endsWith('.yaml'));

test.each(files)('%s enforces every layer, starts nothing but Node.js, and lists nobody to call', (name) => {
  const contract = parseContract(readFileSync(join(here, name), 'utf8'));
  expect(contract.mode).toEqual({ runtime: 'enforce', network: 'enforce', api: 'enforce' });
  expect(contract.runtime?.executables?.map(({ path }) => path)).toEqual(['/usr/bin/node']);
  expect(contract.network?.egress ?? []).toEqual([]);
  const files = contract.runtime?.files ?? [];
  expect(files.length).toBeGreaterThan(0);
  for (const { path } of files)
    expect(path, name).toMatch(/^\/(opt\/tricordon|var\/lib\/tricordon|run\/tricordon|proc)\//);
  // What may be written is never what is executed or imported.
  for (const { path } of files.filter(({ access }) => access === 'write'))
    expect(path).toMatch(/^\/(var\/lib|run)\/tricordon\//);
});

test('each contract has a row that names its test', () => {
  const text = readFileSync(join(here, 'README.md'), 'utf8');
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) expect(text).toContain(`| \`${name}\` |`);
});
