import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock } from '../base/index.js';
import { openCertificateAuthority } from '../identity/index.js';
import { rotationChecks } from './rotation-check.js';

const day = 86_400_000;
const clock = manualClock();
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tc-rotation-'));
  mkdirSync(join(dataDir, 'keys'), { mode: 0o700 });
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const told = async (later = 0) =>
  (await rotationChecks(dataDir, clock.now() + later)).map(({ status, detail }) => `${status}: ${detail}`);

test('a change of the root is told in each phase, and warned of when it does not go on', async () => {
  const directory = join(dataDir, 'keys/ca');
  expect(await told()).toEqual([]);
  const { roots } = await openCertificateAuthority({ directory, trustDomain: 'a.test', clock });
  expect(await told()).toEqual([]);
  await roots.begin('ada');
  expect(await told()).toEqual([expect.stringMatching(/^ok: a new root is announced since \d{4}-/)]);
  expect(await told(2 * day)).toEqual([expect.stringMatching(/^warn: .*hosts do not trust it yet$/)]);
  await roots.switchOver('ada');
  expect(await told(day)).toEqual([expect.stringMatching(/^ok: the old root is trusted until \d{4}-/)]);
  expect(await told(3 * day)).toEqual([expect.stringMatching(/^warn: .*still there$/)]);
  const file = join(directory, 'rotation.json');
  const state = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...state, phase: 'finishing' }));
  expect(await told()).toEqual(['warn: it stopped while finishing']);
  writeFileSync(file, '{"phase":"elsewhere"}');
  expect(await told()).toEqual(['warn: it is not known where it stands']);
  writeFileSync(file, JSON.stringify(state));
  await roots.finish('ada', async () => {});
  expect(await told(9 * day)).toEqual([]);
});
