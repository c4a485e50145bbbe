import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { captureRungs } from '../../model/index.js';
import { loopback } from './loopback.js';
import { spawnPlane } from './plane.js';
import { CaptureSpec } from './rung.js';
import { rungNamed, rungs } from './rungs.js';
import { programs, tool } from './tools.js';

const folder = mkdtempSync(join(tmpdir(), 'tc-rungs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = CaptureSpec.parse({
  instance: '0a1b2c3d',
  workload: 'web-host-00000001',
  service: 'web',
  port: 8_000,
  calls: [],
  uid: 1_000,
  gid: 1_000,
  cwd: '/',
  runtimeDir: folder,
  hideDirs: [],
  keepPaths: [],
  workloadApiSocket: null,
  nodePath: '/usr/bin/node',
  programDir: folder,
});

test('there is one rung per name of the model; those for commands stand in a list, strongest first', () => {
  expect(captureRungs.map((name) => rungNamed(name).name)).toEqual(captureRungs);
  expect(rungs.map(({ name }) => name)).toEqual(captureRungs.filter((name) => name !== 'docker'));
});

test('the last rung is always there, captures nothing and says so', async () => {
  expect(await loopback.probe()).toEqual({ usable: true });
  const prepared = await loopback.prepare(spec);
  expect([prepared.redirectPort, prepared.place.kind]).toEqual([null, 'host']);
  expect(prepared.gaps.length).toBeGreaterThan(0);
  await expect(loopback.isolate(prepared)).rejects.toMatchObject({ code: 'rung-unusable' });
});

test('a tool that fails is an error with what it said', async () => {
  await expect(tool('ls', ['/nonexistent-folder'])).rejects.toMatchObject({ code: 'step-failed' });
  await expect(tool('/nonexistent-tool', [])).rejects.toMatchObject({ code: 'step-failed' });
});

test('a missing program is named with the package that has it', () => {
  expect(programs(['sh'])).toEqual({ usable: true });
  expect(programs(['no-such-tool'])).toMatchObject({ usable: false, fix: 'apt-get install no-such-tool' });
});

test('a data plane that cannot start is an error', async () => {
  const options = {
    place: { kind: 'host' },
    redirectPort: null,
    nodePath: join(folder, 'node'),
    programDir: folder,
  } as const;
  const failing = spawnPlane({ ...options, control: join(folder, 's'), log: join(folder, 'log') });
  await expect(failing).rejects.toMatchObject({ code: 'plane-failed' });
});
