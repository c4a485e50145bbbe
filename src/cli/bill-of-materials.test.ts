import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { billOfMaterials } from './bill-of-materials.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bill-'));
  mkdirSync(join(folder, 'dist'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const write = (text: string) => writeFileSync(join(folder, 'dist/sbom.cdx.json'), text);

test('says where the bill is, of which format, and its hash', () => {
  write('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"purl":"pkg:npm/a@1"}]}');
  expect(billOfMaterials(folder)).toEqual({
    path: join(folder, 'dist/sbom.cdx.json'),
    format: 'CycloneDX 1.6',
    sha256: 'df9b8e0eed57cb2bd953fed11bd0932f1edeb9ac561371f6d90417e828ec7416',
    components: 1,
  });
});

test('says that there is none', () => {
  expect(billOfMaterials(folder)).toBeNull();
});

test.each(['', '{', '[]', '{"bomFormat":"SPDX","specVersion":"2.3","components":[]}', '{"bomFormat":"CycloneDX"}'])(
  'refuses what is no bill: %j',
  (text) => {
    write(text);
    expect(() => billOfMaterials(folder)).toThrow(/is not CycloneDX/);
  },
);
