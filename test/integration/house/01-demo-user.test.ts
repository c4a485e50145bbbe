import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { requires } from '../../requires.js';
import { DemoReport, unseenWithoutGap } from './demo-report.js';
import { asUser, leftOf, ownedBy, remove, roomy, tricordon } from './support.js';

const it = await requires('userns', 'nftables', 'strace', 'postgresql');
const uid = 65_534;
/** What a bare host lacks; the rest of /usr/bin stays. */
const tools = ['nft', 'ip', 'strace', 'bpftrace', 'unshare', 'nsenter', 'bwrap'];

describe('the demo as an ordinary user', () => {
  let directory = '';
  beforeAll(async () => {
    directory = roomy();
    asUser(directory, uid);
    await ownedBy(uid, join(directory, 'home'), join(directory, 'tree'));
  });
  afterAll(() => remove(directory));

  it('holds in a user namespace with strace as its sensor', async () => {
    const done = await tricordon(asUser(directory, uid), ['demo', '--headless', '-o', 'json']);
    expect(done.status, done.stderr).toBe(0);
    const report = DemoReport.parse(JSON.parse(done.stdout));
    expect(unseenWithoutGap(report)).toEqual([]);
    expect(report.coverage.runtime).toMatchObject({ level: 'partial', by: expect.stringMatching(/^strace/) });
    expect(report.coverage.network.level).toBe('partial');
    expect(report.coverage.network.gaps.length).toBeGreaterThan(0);
    expect(report.incidents[0]?.layers).toEqual(expect.arrayContaining(['runtime', 'network', 'api']));
    expect(await leftOf(directory, '')).toEqual([]);
  });

  it('holds on a host without any tool, and says what is not covered', async () => {
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    for (const name of readdirSync('/usr/bin'))
      if (!tools.includes(name)) symlinkSync(`/usr/bin/${name}`, join(bin, name));
    const runner = asUser(directory, uid, bin);
    const done = await tricordon(runner, ['demo', '--headless', '-o', 'json']);
    expect(done.status, done.stderr).toBe(0);
    const report = DemoReport.parse(JSON.parse(done.stdout));
    expect(unseenWithoutGap(report)).toEqual([]);
    expect(report.platform.capture).toContain('loopback');
    for (const layer of ['runtime', 'network', 'api'] as const) {
      expect(report.coverage[layer].level).toBe('partial');
      expect(report.coverage[layer].gaps.every((gap) => gap.what !== '')).toBe(true);
    }
    expect(report.coverage.runtime.by).toMatch(/^proc/);
    expect(report.coverage.network.gaps.map((gap) => gap.what).join('\n')).toMatch(/go around its sidecar/);
    expect(report.attack.steps.at(-1)).toMatchObject({ layer: 'api', outcome: 'refused' });
    expect(report.incidents[0]?.actions).toContainEqual({ kind: 'isolate', status: 'unavailable' });
    expect(await leftOf(directory, '')).toEqual([]);
  });
});
