import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { processFacts } from '../../../src/base/index.js';
import {
  attestContainer,
  type Prepared,
  rungNamed,
  runContainer,
  sweepHouse,
} from '../../../src/agent/confine/index.js';
import { workloadBody } from '../../../src/agent/confine/docker/container.js';
import { CaptureSpec } from '../../../src/agent/confine/rung.js';
import { requires } from '../../requires.js';
import { remove, roomy } from '../house/support.js';
import { buildImages, docker, leftInEngine, removeImages } from './engine.js';

const it = await requires('root', 'docker', 'nftables', 'iproute2');
const ready = it !== it.skip;
const command = ['/usr/bin/node', 'server.mjs'];
type Body = { HostConfig: Record<string, unknown>; Image: string; User: string };

describe('a container gets an identity for how it was made', () => {
  let directory = '';
  let prepared: Prepared;
  const instance = randomBytes(4).toString('hex');

  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    await buildImages('inventory', 'payments');
    const engine = await docker();
    const socket = join(directory, 'r/w/00000001/api.sock');
    mkdirSync(join(socket, '..'), { recursive: true });
    const spec = CaptureSpec.parse({
      instance,
      workload: `inventory-host-${randomBytes(4).toString('hex')}`,
      service: 'inventory',
      port: 7_005,
      calls: [],
      uid: 64_100,
      gid: 64_100,
      cwd: '/',
      runtimeDir: join(directory, 'r'),
      hideDirs: [],
      keepPaths: [],
      workloadApiSocket: socket,
      image: (await engine.image('shop-inventory:local'))?.digest,
      nodePath: process.execPath,
      programDir: process.cwd(),
    });
    prepared = await rungNamed('docker').prepare(spec);
  });
  afterAll(async () => {
    if (directory === '') return;
    try {
      await rungNamed('docker').cleanup(prepared);
      await sweepHouse(instance); // what the last of all leaves: the folder of the installation, the holder's image
      expect(await leftInEngine(instance)).toEqual([]);
    } finally {
      await removeImages();
      remove(directory);
    }
  });

  /** Somebody with access to the Engine makes a container that carries our labels, changed as they like. */
  async function impostor(change: (body: Body) => void): Promise<string> {
    const engine = await docker();
    const options = { command, environment: {}, imageName: 'shop-inventory:local' };
    const body = workloadBody(prepared, options, process.arch === 'arm64' ? 'arm64' : 'x64') as Body; // our own
    change(body);
    const id = await engine.create(`impostor-${randomBytes(4).toString('hex')}`, body);
    try {
      await engine.start(id);
      const pid = (await engine.inspect(id))?.State.Pid ?? 0;
      const start = processFacts(pid)?.start ?? 0;
      return await attestContainer(prepared, { pid, start }).then(
        () => 'attested',
        (error: unknown) => (error instanceof Error ? error.message : ''),
      );
    } finally {
      await engine.remove(id);
    }
  }

  it('prepared twice is prepared once', async () => {
    const again = await rungNamed('docker').prepare(prepared.spec);
    expect(again).toEqual(prepared);
  });

  it('attests the container that is as it was to be, by image and first process', async () => {
    const held = await runContainer(
      prepared,
      { command, environment: {}, imageName: 'shop-inventory:local' },
      () => {},
    );
    const first = held.process ?? { pid: 0, start: 0 };
    expect(await attestContainer(prepared, first)).toMatchObject({
      kind: 'docker',
      imageConfig: prepared.spec.image,
      imageManifest: null, // built here, never pulled
      imageName: 'shop-inventory:local',
      ...first,
    });
    // Another process of the host, announced as if it were the container's.
    const other = { pid: process.pid, start: processFacts(process.pid)?.start ?? 0 };
    await expect(attestContainer(prepared, other)).rejects.toMatchObject({ code: 'container-refused' });
    await held.signal('SIGKILL');
    expect(await held.ended).toBe(137);
    await expect(attestContainer(prepared, first)).rejects.toThrow('0 containers run for it');
  });

  it('refuses another image', async () => {
    const other = (await (await docker()).image('shop-payments:local'))?.digest ?? '';
    expect(await impostor((body) => Object.assign(body, { Image: other }))).toContain('it was made of another image');
  });

  it('refuses another network, other namespaces, and files of the host', async () => {
    const host = (change: object) => impostor((body) => Object.assign(body.HostConfig, change));
    expect(await host({ NetworkMode: 'none' })).toContain('not in the network that captures it');
    expect(await host({ PidMode: 'host' })).toContain('shares namespaces with the host');
    expect(await host({ Mounts: [{ Type: 'bind', Source: '/etc', Target: '/host', ReadOnly: true }] })).toContain(
      'it sees `/etc` of the host',
    );
    expect(await host({ CgroupParent: '/elsewhere' })).toContain('a cgroup that is not ours');
  });

  it('refuses rights that were not given', async () => {
    const host = (change: object) => impostor((body) => Object.assign(body.HostConfig, change));
    expect(await host({ CapDrop: [], CapAdd: ['NET_ADMIN'] })).toContain('it has capabilities');
    expect(await host({ SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'] })).toContain('no system call filter');
    expect(await impostor((body) => Object.assign(body, { User: '0:0' }))).toContain('it runs as another account');
  });
});
