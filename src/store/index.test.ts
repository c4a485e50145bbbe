import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

test('importing the module reaches neither driver nor query builder: an agent that only spools does not pay for them', () => {
  const reached = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, clause = '', specifier = ''] of text.matchAll(/^(?:import|export)\s+([^;]*?)\s*from '([^']+)'/gms)) {
      if (clause.startsWith('type ')) continue;
      if (!specifier.startsWith('.')) packages.add(specifier);
      else if (!specifier.startsWith('../..')) visit(join(dirname(file), specifier.replace(/\.js$/, '.ts')));
    }
  };
  visit(join(dirname(fileURLToPath(import.meta.url)), 'index.ts'));
  expect(reached.size).toBeGreaterThan(15);
  expect(packages).toContain('zod');
  for (const heavy of ['pg', 'kysely']) expect(packages).not.toContain(heavy);
});
