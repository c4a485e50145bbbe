import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('a property that fails names the seed by which it fails again', () => {
  const wrong = fc.property(fc.nat(), fc.nat(), () => false);
  const said = reasonOf(() => fc.assert(wrong, { endOnFailure: true }));
  const seed = Number(/seed: (-?\d+)/.exec(said)?.[1]);
  const counterexample = /Counterexample: (\[\d+,\d+\])/.exec(said)?.[1];
  expect(counterexample).toBeDefined();
  const again = reasonOf(() => fc.assert(wrong, { endOnFailure: true, seed }));
  expect(again).toContain(`Counterexample: ${counterexample}`);
});

test('every property says its seed: it is asserted, with the reporter and the seed left alone', () => {
  const wrong = ['src', 'test', 'ui/src', 'examples'].flatMap(files).flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('property-seed.test.ts') || !text.includes("from 'fast-check'")) return [];
    const found = /fc\.(check|sample)\(|\b(asyncR|r)eporter:|\bseed:/.exec(text)?.[0];
    return found === undefined ? [] : [`${file}: ${found}`];
  });
  expect(wrong).toEqual([]);
});

function reasonOf(work: () => void): string {
  try {
    work();
    return 'nothing failed';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name));
}
