import { expect, it } from 'vitest';
import { auditPath, searchOf } from './audit-query.ts';

const path = (query: string, before?: number) => auditPath(searchOf(new URLSearchParams(query)), before);

it('asks for what stands in the URL, and for nothing that was left empty', () => {
  expect(path('')).toBe('/v1/audit?limit=100');
  expect(path('actor=Ana+Lima&action=contract.&text=+&subject=', 77)).toBe(
    '/v1/audit?limit=100&actor=Ana+Lima&action=contract.&before=77',
  );
  expect(path('text=a%26limit%3D9')).toBe('/v1/audit?limit=100&text=a%26limit%3D9');
});

it('takes times as the reader’s clock says them, and drops what is none', () => {
  const at = new Date(2026, 10, 22, 12, 5).getTime();
  expect(path('from=2026-11-22T12:05&to=yesterday')).toBe(`/v1/audit?limit=100&since=${at}`);
});
