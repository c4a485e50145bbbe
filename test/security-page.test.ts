import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const text = readFileSync(join(root, 'SECURITY.md'), 'utf8');

test('each row of the threat model names tests, and they are there', () => {
  const [, section = ''] = /## Who may try what[^\n]*\n([\s\S]*?)\n## /.exec(text) ?? [];
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  const [head, ...body] = rows.map((row) => row.split('|').slice(1, -1));
  expect(head?.map((cell) => cell.trim())).toEqual(['who', 'tries', 'what holds', 'tried by']);
  expect(body.length).toBeGreaterThan(10);
  for (const cells of body) {
    expect(cells, cells[0]).toHaveLength(4);
    const named = [...(cells[3] ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    expect(named.length, cells[0]).toBeGreaterThan(0);
    for (const path of named) expect([path, existsSync(join(root, path))]).toEqual([path, true]);
  }
});

test('every page that it leads to is there', () => {
  const links = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, path = '']) => path);
  expect(links.length).toBeGreaterThan(2);
  for (const path of links.filter((each) => !each.startsWith('https:')))
    expect([path, existsSync(join(root, path))]).toEqual([path, true]);
});
