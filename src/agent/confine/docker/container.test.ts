import { expect, test } from 'vitest';
import { CaptureSpec, Prepared } from '../rung.js';
import { holderBody, labels, workloadBody } from './container.js';

const spec = CaptureSpec.parse({
  instance: '0a1b2c3d',
  workload: 'web-host-00000001',
  service: 'web',
  port: 8_000,
  calls: [],
  uid: 1_000,
  gid: 1_001,
  cwd: '/',
  runtimeDir: '/run/t',
  hideDirs: [],
  keepPaths: [],
  workloadApiSocket: '/run/t/w/00000001/api.sock',
  image: `sha256:${'a'.repeat(64)}`,
  nodePath: '/usr/bin/node',
  programDir: '/usr/lib/t',
});
const prepared = Prepared.parse({
  rung: 'docker',
  spec,
  place: { kind: 'netns', name: 'tricordon-0a1b2c3d-000000000001' },
  holder: 'b'.repeat(64),
  virtualAddresses: [],
  redirectPort: 15_001,
  cgroupPath: '/sys/fs/cgroup/tricordon/0a1b2c3d/web-host-00000001',
  cgroup: '/tricordon/0a1b2c3d/web-host-00000001',
  hostsFile: '/run/tricordon-hosts/x',
  hideSockets: [],
  ownUserNamespace: false,
  seccomp: true,
  gaps: [],
});

test('a workload’s container joins the holder, lives in our cgroup, and has no right beyond its account', () => {
  const options = { command: ['/serve', '-x'], environment: { A: 'b=c' }, imageName: 'shop:1' };
  expect(workloadBody(prepared, options, 'x64')).toMatchObject({
    Image: spec.image,
    User: '1000:1001',
    Entrypoint: ['/serve', '-x'],
    Cmd: [],
    Env: ['A=b=c'],
    Labels: { 'tricordon.instance': '0a1b2c3d', 'tricordon.part': 'workload', 'tricordon.image': 'shop:1' },
    HostConfig: {
      NetworkMode: `container:${'b'.repeat(64)}`,
      CgroupParent: prepared.cgroup,
      Privileged: false,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', expect.stringMatching(/^seccomp=\{/)],
      IpcMode: 'private',
      PidMode: '',
      RestartPolicy: { Name: 'no' },
      Mounts: [
        { Type: 'bind', Source: '/run/tricordon-hosts/x', Target: '/etc/hosts', ReadOnly: true },
        { Type: 'bind', Source: '/run/tricordon-hosts/x.resolv', Target: '/etc/resolv.conf', ReadOnly: true },
        { Type: 'bind', Source: '/run/t/w/00000001', Target: '/run/tricordon', ReadOnly: true },
      ],
    },
  });
});

test('the holder has no network, no file to write and no account of the host', () => {
  expect(holderBody(spec, 'tricordon-holder:1-x64', 'x64')).toMatchObject({
    User: '65534:65534',
    Hostname: 'web',
    HostConfig: { NetworkMode: 'none', ReadonlyRootfs: true, CapDrop: ['ALL'], Privileged: false },
  });
});

test('containers are found by installation, workload and part', () => {
  expect(labels(spec, 'holder')).toEqual([
    'tricordon.instance=0a1b2c3d',
    'tricordon.workload=web-host-00000001',
    'tricordon.part=holder',
  ]);
});
