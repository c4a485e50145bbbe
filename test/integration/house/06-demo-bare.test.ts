import { existsSync } from 'node:fs';
import { afterAll, describe, expect } from 'vitest';
import { cgroup2Mount } from '../../../src/base/index.js';
import { requires } from '../../requires.js';
import { DemoReport, unseenWithoutGap } from './demo-report.js';
import { asRoot, leftOf, type Runner, tricordon } from './support.js';

const it = await requires('root');

/** Hidden from everything that starts after it, in a mount namespace of its own: a fresh machine has Node and npm. */
const hidden = `
for tool in docker dockerd bpftrace strace bwrap nft ip postgres psql; do
  for folder in /usr/local/bin /usr/local/sbin /usr/bin /usr/sbin; do
    if [ -f $folder/$tool ]; then mount --bind /dev/null $folder/$tool; fi
  done
done
if [ -d /usr/lib/postgresql ]; then mount -t tmpfs tmpfs /usr/lib/postgresql; fi
`;

/** Docker's default list (Engine documentation, "Runtime privilege and Linux capabilities"). */
const kept =
  'chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap';
const bounds = `-all${kept
  .split(' ')
  .map((name) => `,+${name}`)
  .join('')}`;

describe('the demo as root', () => {
  afterAll(async () => {
    if (existsSync('/var/lib/tricordon-demo/house'))
      await tricordon(asRoot(), ['down', '--purge', '--data-dir', '/var/lib/tricordon-demo/house']);
  });

  it('holds on a host without any tool: nothing is captured, and it says so', async () => {
    const report = await demo(inside(`${hidden} exec "$@"`));
    expect(report.attack.steps[1]).toMatchObject({ layer: 'runtime', outcome: 'detected' });
  });

  it('holds with the rights that root has in a container', async () => {
    const readOnly = `mount -o remount,bind,ro ${cgroup2Mount() ?? '/sys/fs/cgroup'}`;
    const report = await demo(
      inside(`${hidden} ${readOnly}; exec setpriv --bounding-set=${bounds} --inh-caps=-all -- "$@"`),
    );
    expect(report.coverage.runtime.by).toMatch(/^proc/);
    expect(report.coverage.network.gaps.map((gap) => gap.what).join('\n')).toMatch(/no own cgroup/);
    expect(report.attack.steps[1]).toMatchObject({ layer: 'runtime', outcome: 'detected' });
  });
});

async function demo(runner: Runner): Promise<DemoReport> {
  const done = await tricordon(runner, ['demo', '--headless', '-o', 'json']);
  expect(done.status, done.stderr).toBe(0);
  const report = DemoReport.parse(JSON.parse(done.stdout));
  expect(unseenWithoutGap(report)).toEqual([]);
  expect(report.platform).toMatchObject({ root: true, capture: expect.stringContaining('loopback') });
  for (const layer of ['network', 'api'] as const) expect(report.coverage[layer].level).toBe('partial');
  expect(report.coverage.network.gaps.map((gap) => gap.what).join('\n')).toMatch(/go around its sidecar/);
  expect(report.incidents[0]?.actions).toContainEqual({ kind: 'isolate', status: 'unavailable' });
  expect(report.hardened.outcome).toBe('refused');
  for (const place of ['/var/lib/tricordon-demo', '/run/tricordon-demo']) {
    expect(existsSync(place)).toBe(false);
    expect(await leftOf(place, '')).toEqual([]);
  }
  return report;
}

function inside(script: string): Runner {
  const plain = asRoot();
  return { ...plain, prefix: ['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-ec', script, 'sh'] };
}
