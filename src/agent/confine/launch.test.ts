import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { launchOf } from './launch.js';
import { mountScript, quote } from './mount-script.js';
import { CleanPath, Prepared } from './rung.js';
import { isolateRules, ruleset } from './ruleset.js';
import { listeningSockets, program } from './tools.js';
import { virtualAddresses } from './virtual-addresses.js';

const spec = {
  instance: '0a1b2c3d',
  workload: 'web-host-00000001',
  service: 'web',
  port: 8_000,
  calls: [],
  uid: 1_000,
  gid: 1_000,
  cwd: '/srv/web',
  runtimeDir: '/run/tricordon',
  hideDirs: ['/var/lib/tricordon'],
  keepPaths: ['/srv/web'],
  workloadApiSocket: '/run/tricordon/w/a/api.sock',
  nodePath: '/usr/bin/node',
  programDir: '/var/lib/tricordon/program/abc',
};
const prepared = (change: Record<string, unknown> = {}, specChange: Record<string, unknown> = {}) =>
  Prepared.parse({
    rung: 'netns',
    spec: { ...spec, ...specChange },
    place: { kind: 'netns', name: 'tricordon-0a1b2c3d-0123456789ab' },
    virtualAddresses: [],
    redirectPort: 15_001,
    cgroupPath: '/sys/fs/cgroup/tricordon/0a1b2c3d/web-host-00000001',
    cgroup: '/tricordon/0a1b2c3d/web-host-00000001',
    hostsFile: '/run/tricordon-hosts/x',
    hideSockets: ['/srv/other.sock', '/run/docker.sock'],
    ownUserNamespace: true,
    seccomp: true,
    gaps: [],
    ...change,
  });

describe('the launch', () => {
  test('drops the user’s rights before anything of the user’s runs, and ends in the filter', () => {
    const { file, args } = launchOf(prepared(), spec);
    const words = [file, ...args];
    expect(words.at(-1)).toBe('/var/lib/tricordon/program/abc/dist/agent/confine/launcher.js');
    const order = [program('nsenter'), '--mount', '--reuid=1000', '--no-new-privs', '--map-user=1000'].map((word) =>
      words.indexOf(word),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  test('puts a tracer outside the filter and inside the confinement', () => {
    const words = launchOf(prepared(), { ...spec, tracer: ['strace', '-f'] }).args;
    expect(words.slice(-4)).toEqual(['strace', '-f', '/usr/bin/node', expect.stringMatching(/launcher\.js$/)]);
  });

  test.each([
    ['uid', { uid: 1_001 }],
    ['program', { programDir: '/tmp/evil' }],
    ['node', { nodePath: '/tmp/evil' }],
    ['folder', { cwd: '/root' }],
    ['root', { uid: 0 }],
  ])('believes nobody about the %s', (_, change) => {
    expect(() => launchOf(prepared(), { ...spec, ...change })).toThrow(
      expect.objectContaining({ code: 'spec-refused' }),
    );
  });
});

describe('the mounts', () => {
  test('hide /run and the data directory, and bring back what is needed below them', () => {
    const script = mountScript(prepared());
    expect(script).toContain("tricordon '/run'");
    expect(script).toContain("tricordon '/var/lib/tricordon'");
    expect(script).toContain("mount -c --rbind './tricordon/w/a' '/run/tricordon/w/a'");
    expect(script).toContain("'./program/abc/dist' '/var/lib/tricordon/program/abc/dist'");
    expect(script).toContain("mount --bind /dev/null '/srv/other.sock'");
    expect(script).not.toContain('docker.sock');
  });

  test('keep what the launcher is loaded from, also when installed as a package or behind a link', () => {
    const packaged = mountScript(prepared({}, { programDir: '/tmp/app/node_modules/tricordon' }));
    expect(packaged).toContain("mount -c --rbind './app/node_modules' '/tmp/app/node_modules'");
    const folder = mkdtempSync('/tmp/tricordon-parts-');
    try {
      mkdirSync(`${folder}/real`);
      mkdirSync(`${folder}/tree`);
      symlinkSync(`${folder}/real`, `${folder}/tree/node_modules`);
      const linked = mountScript(prepared({}, { programDir: `${folder}/tree` }));
      const [real, link] = ['real', 'tree/node_modules'].map((name) => linked.indexOf(`'${folder}/${name}';`));
      expect(real).toBeGreaterThan(0);
      expect(link).toBeGreaterThan(real ?? 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('refuse to keep what must be hidden', () => {
    for (const path of ['/run', '/var/lib/tricordon']) {
      expect(() => mountScript(prepared({}, { cwd: path }))).toThrow(expect.objectContaining({ code: 'spec-refused' }));
    }
  });

  test('hold quotes in names', () => {
    expect(quote("/a'; rm -rf /; '")).toBe("'/a'\\''; rm -rf /; '\\'''");
    expect(CleanPath.safeParse('/a\nb').success).toBe(false);
    expect(CleanPath.safeParse('/a/../b').success).toBe(false);
    expect(CleanPath.safeParse('a').success).toBe(false);
  });
});

describe('the rules', () => {
  test('redirect declared peers on loopback, never the command’s own port', () => {
    const addresses = virtualAddresses([
      { service: 'a', host: '127.0.0.1', port: 5_432 },
      { service: 'b', host: '127.0.0.1', port: 8_000 },
    ]);
    const text = ruleset({ redirectPort: 15_001, addresses, port: 8_000 });
    expect(text).toContain('ip daddr 127.0.0.1 tcp dport 5432 counter redirect to :15001');
    expect(text).not.toContain('dport 8000');
    expect(text).toContain('policy drop');
    expect(isolateRules).toContain('drop');
  });
});

test('a tool is named by where it really is, one that is not there by its name', () => {
  expect(program('sh')).toMatch(/^\//);
  expect(program('no-such-tool')).toBe('no-such-tool');
});

test('only listening sockets with a plain path are covered', () => {
  const text = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000000: 00000002 00000000 00010000 0001 01 1 /run/a.sock',
    '0000000000000000: 00000002 00000000 00000000 0001 03 2 /run/b.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 3 @abstract',
    '0000000000000000: 00000002 00000000 00010000 0001 01 4 /run/../c.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 5 relative.sock',
  ].join('\n');
  expect(listeningSockets(text)).toEqual(['/run/a.sock']);
});
